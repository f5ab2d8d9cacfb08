// Invites of a house, and who comes with them.
#pragma once

#include <string>
#include <vector>

#include "tests/support/house.hpp"

namespace countersign::test {

// Settings under which strangers come with an invite alone.
inline HouseSettings by_invite() {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::invite;
  settings.policies.rate_limit = false;
  return settings;
}

// Good for a week.
inline auth::invites::MadeInvite make_invite(House& house, const std::string& username,
                                             const std::vector<std::string>& groups = {}) {
  auth::records::Profile profile;
  profile.groups = groups;
  return must(house.auth().roles().invites.make({username, profile, std::chrono::days(7)}, by_hand()));
}

// What asks for a challenge to enrol, with an invite.
inline auth::proving::ChallengeRequest asking_with(const Person& person, const Secret& invite) {
  auth::proving::ChallengeRequest request;
  request.name.username = person.name();
  request.purpose = auth::records::Purpose::enrol;
  request.public_key = person.certificate();
  request.invite = invite;
  return request;
}

// The answer to such a challenge, which is sealed as if it had been asked for when the invite was good.
inline auth::proving::Response answer_with(House& house, const Person& person) {
  return house.answer_to(person,
                         house.challenge_for(person, auth::records::Purpose::enrol, auth::records::Transport::http));
}

// Somebody comes with the invite; what came of it. The challenge is refused for the same reason as the account.
inline std::string enrolled_by(House& house, const Person& person, const Secret& invite) {
  const std::string asked = outcome(house.auth().roles().issuing.issue(asking_with(person, invite), by_http()));
  auth::records::Challenge challenge =
      house.challenge_for(person, auth::records::Purpose::enrol, auth::records::Transport::http);
  const auto stored = must(house.auth().roles().accounts.find(person.account()));
  if (stored) challenge.epoch = stored->account.epoch + 1;
  const std::string done = outcome(house.auth().roles().enrolment.enrol(
      house.answer_to(person, challenge), person.certificate(), by_http(), std::nullopt, invite));
  return asked == done ? done : "challenge " + asked + ", account " + done;
}

}  // namespace countersign::test
