#include "tests/history/eight_threads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <thread>

namespace countersign::test {

using auth::records::Purpose;

namespace {

class Drawing {
 public:
  Drawing(AccountStage& stage, std::mt19937_64& random) : stage_(stage), papers_(stage.papers()), random_(random) {}

  Call draw() {
    const std::uint64_t what = random_() % 100;
    if (what < 30 && !papers_.tokens.empty()) return use_token();
    if (what < 55 && !papers_.responses.empty()) return redeem();
    if (what < 70) return issue();
    return other();
  }

 private:
  int one_of(int count) { return static_cast<int>(random_() % static_cast<std::uint64_t>(count)); }
  int who() { return one_of(4) == 0 ? 1 : 0; }
  int password() { return one_of(kPasswords); }

  // The number of a paper, a recent one more often than an old one.
  template <class Papers>
  int recent(const Papers& papers) {
    const auto back = std::min(papers.size(), static_cast<std::size_t>(1 + one_of(6)));
    return std::prev(papers.end(), static_cast<std::ptrdiff_t>(back))->first;
  }

  Call use_token() {
    constexpr std::array kDeeds = {Deed::admit, Deed::admit, Deed::refresh, Deed::refresh, Deed::end, Deed::end_one};
    return stage_.using_token(kDeeds.at(static_cast<std::size_t>(one_of(6))), recent(papers_.tokens));
  }
  Call redeem() {
    const int number = recent(papers_.responses);
    Call call = stage_.redeeming(papers_.responses.at(number).purpose, number);
    if (call.deed == Deed::change_password_by_statement) call.next = password();
    return call;
  }
  Call issue() {
    constexpr std::array kPurposes = {Purpose::login,  Purpose::login,  Purpose::login,    Purpose::login,
                                      Purpose::rotate, Purpose::revoke, Purpose::password, Purpose::enrol};
    Call call = stage_.numbered(Deed::issue, who());
    call.purpose = kPurposes.at(static_cast<std::size_t>(one_of(8)));
    if (call.purpose == Purpose::rotate || call.purpose == Purpose::enrol) call.key = one_of(kKeys);
    return call;
  }
  Call other() {
    constexpr std::array kDeeds = {Deed::log_in_by_password,
                                   Deed::log_in_by_password,
                                   Deed::log_in_by_password,
                                   Deed::log_in_by_password,
                                   Deed::change_password,
                                   Deed::change_password,
                                   Deed::set_password,
                                   Deed::remove_password,
                                   Deed::rotate,
                                   Deed::rotate,
                                   Deed::rotate_by_password,
                                   Deed::rotate_by_password,
                                   Deed::rotate_managed,
                                   Deed::hand_out_key,
                                   Deed::hand_out_key,
                                   Deed::revoke,
                                   Deed::revoke_by_certificate,
                                   Deed::revoke_by_password,
                                   Deed::restore,
                                   Deed::restore,
                                   Deed::delete_account,
                                   Deed::add,
                                   Deed::add,
                                   Deed::add_managed,
                                   Deed::import,
                                   Deed::end_all,
                                   Deed::show,
                                   Deed::show};
    Call call = stage_.numbered(kDeeds.at(random_() % kDeeds.size()), who());
    const bool takes_key = call.deed == Deed::rotate || call.deed == Deed::add || call.deed == Deed::import ||
                           call.deed == Deed::revoke_by_certificate || (call.deed == Deed::restore && one_of(2) == 0);
    if (takes_key) call.key = one_of(kKeys);
    const bool is_given_one = is_among(call.deed, {Deed::add_managed, Deed::import});
    if (proves_by_password(call.deed) || is_given_one || (call.deed == Deed::add && one_of(2) == 0)) {
      call.password = password();
    }
    if (is_among(call.deed,
                 {Deed::change_password, Deed::set_password, Deed::rotate_by_password, Deed::rotate_managed})) {
      call.next = password();
    }
    return call;
  }

  AccountStage& stage_;
  const Papers papers_;
  std::mt19937_64& random_;
};

}  // namespace

Call draw(AccountStage& stage, std::mt19937_64& random) {
  return Drawing(stage, random).draw();
}

EightThreads::EightThreads(storage::Medium& store, Flaw flaw, std::size_t servers)
    : stage_(store), flawed_(stage_.recorder(), flaw), servers_(servers) {
  for (const Setting setting : kSettings) scenes_[setting] = stage_.set(setting);
}

AccountStage::Judged EightThreads::run(Setting setting, std::uint64_t seed) {
  const Scene& scene = scenes_.at(setting);
  stage_.restore_all(scene);
  flawed_.forget();
  std::vector<std::unique_ptr<TurnMedium>> media;
  std::vector<std::unique_ptr<auth::Authenticator>> servers;
  for (std::size_t i = 0; i < servers_; ++i) {
    media.push_back(std::make_unique<TurnMedium>(flawed_, i));
    servers.push_back(stage_.open(*media.back(), fmt::format("server{}", i)));
  }
  const bool in_turns = servers_ == kThreads;
  Turns turns(kThreads, seed);
  for (auto& medium : media) medium->follow(in_turns ? &turns : nullptr);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(seed * kThreads + i);
      if (in_turns) turns.await(i);
      for (std::size_t n = 0; n < kCallsEach; ++n) {
        stage_.record(*servers[i % servers_], draw(stage_, random));
      }
      if (in_turns) turns.leave(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (auto& medium : media) medium->follow(nullptr);
  return stage_.judge(scene.model, *servers.front());
}

}  // namespace countersign::test
