#include "tests/support/house_keys.hpp"

namespace countersign::test {

using namespace auth;

proving::Response revoke_response(House& house, const Person& person, const std::string& reason,
                                  records::Transport transport) {
  proving::ChallengeRequest request;
  request.name.username = person.name();
  request.purpose = records::Purpose::revoke;
  request.transport = transport;
  request.reason = reason;
  const auto issued =
      must(house.auth().roles().issuing.issue(request, transport == records::Transport::http ? by_http() : by_hand()));
  return house.answer(person, issued);
}

const Person& next_key() {
  static const Person person("next", openpgp::KeyKind::nistp256);
  return person;
}

keys::RotationResponse rotate_response(House& house, const Person& person, const Person& next,
                                       records::Transport transport) {
  proving::ChallengeRequest request;
  request.name.username = person.name();
  request.purpose = records::Purpose::rotate;
  request.transport = transport;
  request.new_public_key = next.certificate();
  const auto issued =
      must(house.auth().roles().issuing.issue(request, transport == records::Transport::http ? by_http() : by_hand()));
  return {house.answer(person, issued), house.answer(next, issued), next.certificate()};
}

std::string revocation_of(House& house, const Person& person) {
  return text_of(house.medium(), part_name(person.account(), records::AccountPart::revocation));
}

records::AccountState state_of(House& house, const Person& person) {
  return must(house.auth().roles().accounts.show(person.account())).account.state;
}

std::uint64_t epoch_of(House& house, const Person& person) {
  return must(house.auth().roles().accounts.show(person.account())).account.epoch;
}

}  // namespace countersign::test
