// Whoever has no account here, a revoked or a deleted one, or one without a password: on every public operation that
// names an account they are told the same bytes as the holder of one who proves nothing, after the same work.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "tests/support/http_wire.hpp"
#include "tests/support/own_signatures.hpp"
#include "tests/support/public_questions.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// What an answer came to, but for what is random in it.
struct Seen {
  int status = 0;
  std::string bytes;     // all of it; of a challenge all but the message
  std::size_t size = 0;  // of the message
  std::uint64_t hashes = 0;
  SpyOpenPgp::Counts engine;
  std::size_t store = 0;  // calls to it
};

std::string without_length(const std::string& head) {
  const auto at = head.find("Content-Length");
  return at == std::string::npos ? head : head.substr(0, at) + head.substr(head.find("\r\n", at));
}

SpyOpenPgp::Counts since(const SpyOpenPgp::Counts& before, const SpyOpenPgp::Counts& now) {
  return {now.inspected - before.inspected, now.sealed - before.sealed, now.signatures - before.signatures,
          now.verified - before.verified};
}

Seen ask_for(AskedPlace& place, const Question& question, const Person& person) {
  const std::string request = question.request(place, person);
  const auto hashes = place.house.auth().roles().hasher.counts().begun;
  const auto engine = place.house.engine().counts();
  const auto store = place.medium.calls();
  const WireReply reply = ask(place.port(), request);
  Seen seen;
  seen.status = reply.status;
  seen.bytes = reply.head + reply.body;
  seen.hashes = place.house.auth().roles().hasher.counts().begun - hashes;
  seen.engine = since(engine, place.house.engine().counts());
  seen.store = place.medium.calls() - store;
  if (question.is_challenge) {
    seen.bytes = without_length(reply.head);
    seen.size = reply.body.size();
  }
  return seen;
}

std::string to_text(const SpyOpenPgp::Counts& counts) {
  return std::to_string(counts.inspected) + " inspected, " + std::to_string(counts.sealed) + " sealed, " +
         std::to_string(counts.signatures) + " signed, " + std::to_string(counts.verified) + " verified";
}

// In what a stranger could tell one from another.
std::vector<std::string> differences(const Question& question, const Seen& known, const Seen& other) {
  std::vector<std::string> out;
  if (known.status != other.status) out.push_back("status");
  if (known.bytes != other.bytes) out.push_back("bytes");
  if (known.hashes != other.hashes) out.push_back("hashes");
  // A response answers a challenge that nobody else can open; whoever has one may be judged as far as it goes, and may
  // see how far.
  if (question.is_response) return out;
  if (known.engine != other.engine) out.push_back(to_text(known.engine) + ", and " + to_text(other.engine));
  if (known.store != other.store) {
    out.push_back("calls to the store: " + std::to_string(known.store) + ", and " + std::to_string(other.store));
  }
  return out;
}

using None = std::vector<std::string>;

}  // namespace

TEST_CASE("S28 whoever is asked for, every public operation answers the same bytes after the same work") {
  AskedPlace place;
  std::size_t compared = 0;
  for (const Question& question : all_questions()) {
    const Seen known = ask_for(place, question, all_asked_for()[0].person);
    CHECK(known.status == (question.is_challenge ? 200 : 401));
    for (const AskedFor& kind : all_asked_for()) {
      CAPTURE(question.what, kind.what);
      CHECK(differences(question, known, ask_for(place, question, kind.person)) == None());
      ++compared;
    }
  }
  CHECK(compared > 150);
  // Each that is said to answer evenly was asked.
  const auto asked = place.operations.asked();
  for (const transport::Operation& row : transport::operation_table()) {
    CAPTURE(row.name);
    if (row.answer == transport::Answer::even) CHECK(asked.contains(std::string(row.name)));
  }
}

TEST_CASE("S28 a right answer for who is not there is told like a wrong one") {
  AskedPlace place;
  const auto post = [&](const std::string& path, const Json& fields) {
    const WireReply reply = ask(place.port(), json_request(path, fields));
    return reply.head + reply.body;
  };
  const std::string wrong = post("/v1/session", naming(all_asked_for()[0].person).set("password", "wrong"));
  REQUIRE(wrong.find(" 401 ") != std::string::npos);
  for (const std::size_t gone : {kRevoked, kDeleted}) {
    const Person& person = all_asked_for()[gone].person;
    CAPTURE(all_asked_for()[gone].what);
    const Json named = naming(person).set("password", kTheirPassword);
    CHECK(post("/v1/session", named) == wrong);
    CHECK(post("/v1/password", Json(named).set("new_password", "next")) == wrong);
    CHECK(post("/v1/revocation", naming(person).set("revocation_certificate", own_revocation_of(person))) == wrong);
    for (const records::Purpose purpose :
         {records::Purpose::login, records::Purpose::rotate, records::Purpose::revoke, records::Purpose::password}) {
      const Question question = responding(purpose, true);
      CAPTURE(question.what);
      const WireReply reply = ask(place.port(), question.request(place, person));
      CHECK(reply.head + reply.body == wrong);
    }
  }
}

TEST_CASE("S28 the sizes of challenges do not tell who they are for") {
  AskedPlace place;
  for (const Question& question : all_questions()) {
    if (!question.is_challenge) continue;
    std::map<std::string, std::set<std::size_t>> sizes;
    for (int round = 0; round < 5; ++round) {
      for (const AskedFor& kind : all_asked_for()) sizes[kind.what].insert(ask_for(place, question, kind.person).size);
    }
    const auto& known = sizes.at(all_asked_for()[0].what);
    for (const auto& [what, seen] : sizes) {
      CAPTURE(question.what, what, known, seen);
      // The integers of a signature lose their leading zero bits, so a byte or two, four in armor, is chance.
      CHECK(*seen.rbegin() <= *known.rbegin() + 8);
      CHECK(*seen.begin() + 8 >= *known.begin());
    }
  }
}

TEST_CASE("S28 a difference would be noticed") {
  Seen known;
  known.status = 401;
  known.bytes = "denied";
  known.hashes = 1;
  const Question question{"", nullptr};
  CHECK(differences(question, known, known) == None());
  Seen other = known;
  other.hashes = 0;  // the hash for nothing was left out
  CHECK(differences(question, known, other).size() == 1);
  other.bytes = "no such account";
  other.status = 404;
  other.engine.inspected = 1;
  other.store = 1;
  CHECK(differences(question, known, other).size() == 5);
}

namespace {

// What an answer cost, in milliseconds of this process's own computing, by whom it was asked for. What else the machine
// does stays out of it; and what only waits, and computes nothing, the counts of work above would show.
using Times = std::vector<std::vector<double>>;

double computed_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// In an order that nobody can foresee, so that whatever else the machine does falls on all of them.
Times measured(AskedPlace& place, const Question& question, int rounds) {
  std::mt19937_64 random(1);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < all_asked_for().size(); ++i)
    order.insert(order.end(), static_cast<std::size_t>(rounds), i);
  std::shuffle(order.begin(), order.end(), random);
  Times times(all_asked_for().size());
  for (const std::size_t i : order) {
    const std::string request = question.request(place, all_asked_for()[i].person);
    const double begin = computed_ms();
    ask(place.port(), request);
    times[i].push_back(computed_ms() - begin);
  }
  return times;
}

// What the quickest of them took, but for a few: what a machine does besides makes answers later and never sooner.
double undisturbed(std::vector<double> times) {
  const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10);
  std::nth_element(times.begin(), at, times.end());
  return *at;
}

// Less than any network's noise. A hash or a seal for nothing that was left out is more.
constexpr double kNoiseMs = 0.25;

// Who is answered a quarter sooner or later than the first.
std::set<std::string> told_apart(const Times& times) {
  std::set<std::string> out;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double ratio = undisturbed(times[i]) / undisturbed(times[0]);
    if (std::abs(undisturbed(times[i]) - undisturbed(times[0])) < kNoiseMs) continue;
    if (ratio < 0.8 || ratio > 1.25) out.insert(all_asked_for()[i].what);
  }
  return out;
}

// The same three times over: a machine that does other things may disturb one of them more than once, but not the same
// one every time.
std::set<std::string> always_told_apart(AskedPlace& place, const Question& question, int rounds) {
  std::set<std::string> apart = told_apart(measured(place, question, rounds));
  for (int tried = 1; tried < 3 && !apart.empty(); ++tried) {
    const auto again = told_apart(measured(place, question, rounds));
    std::erase_if(apart, [&](const std::string& what) { return !again.contains(what); });
  }
  return apart;
}

constexpr passwords::Argon2Parameters kWorthMeasuring{32u << 10, 2, 4};

}  // namespace

TEST_CASE("S28 the time of an answer does not tell who has an account here", "[.long]") {
  AskedPlace place({}, kWorthMeasuring);
  for (const Question& question : all_questions()) {
    if (question.is_response) continue;  // as above
    CAPTURE(question.what);
    CHECK(always_told_apart(place, question, 25) == std::set<std::string>());
  }
}

TEST_CASE("S28 the time of an answer would tell that a hash was left out", "[.long]") {
  std::mutex mutex;
  std::set<Bytes> stored;
  bool skips = false;
  passwords::HasherSettings hasher;
  // Hashes what is stored, and nothing for nobody.
  hasher.compute = [&](const passwords::HashRequest& request, passwords::Arena& arena) -> Result<Secret> {
    const std::lock_guard lock(mutex);
    const Bytes salt(request.salt.begin(), request.salt.end());
    if (!skips) stored.insert(salt);
    if (!stored.contains(salt)) return Secret(passwords::kTagBytes);
    return compute_argon2id(request, arena);
  };
  AskedPlace place(hasher, kWorthMeasuring);
  {
    const std::lock_guard lock(mutex);
    skips = true;
  }
  for (const Question& question : all_questions()) {
    if (question.what != "session by a wrong password") continue;
    CHECK(always_told_apart(place, question, 10).size() == 5);
  }
}
