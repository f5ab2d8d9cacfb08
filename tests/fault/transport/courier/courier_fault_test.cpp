// The stick is pulled out, or the process ends, before any of the steps that change the medium; then it is done again.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/courier_stick.hpp"
#include "tests/support/fake_courier_operations.hpp"
#include "transport/courier/courier_carrier.hpp"
#include "transport/courier/courier_signer.hpp"

using namespace countersign;
using namespace countersign::transport::courier;
using namespace countersign::test;

namespace {

// Lets some steps happen and none after them, so that nothing is tidied up either.
class PullOut final : public StepWatch {
 public:
  explicit PullOut(std::size_t after) : left_(after) {}
  Status before(std::string_view step) override {
    if (left_ == 0) {
      pulled_ = true;
      return fail(ErrorCode::storage_unavailable, "pulled out before: " + std::string(step));
    }
    --left_;
    return ok();
  }
  bool pulled() const { return pulled_; }

 private:
  std::size_t left_;
  bool pulled_ = false;
};

class Steps final : public StepWatch {
 public:
  Status before(std::string_view step) override {
    steps.emplace_back(step);
    return ok();
  }
  std::vector<std::string> steps;
};

using Contents = std::map<std::string, std::string>;

const std::string kGranted = courier_response("one");
const std::string kRefused = courier_response_with_verdict("two", "challenge_expired");
const std::string kCut = courier_response("three").substr(0, 60);
const std::string kCertificate = courier_armor("PGP PUBLIC KEY BLOCK", "alice");

void fill(const CourierStick& stick) {
  stick.put("inbox/Alice.response.asc", kGranted);
  stick.put("inbox/b.response.asc", kRefused);
  stick.put("inbox/c.response.asc", kCut);
  stick.put("inbox/d.enrol.asc", kCertificate);
}

Contents settled() {
  return {{"inbox/done/alice.response.asc", kGranted},
          {"outbox/" + answer_id("Alice.response.asc", kGranted) + ".session.asc",
           courier_armor("PGP MESSAGE", "grant one1")},
          {"inbox/done/b.response.asc", kRefused},
          {"outbox/b.refused.txt", "denied\n"},
          {"inbox/c.response.asc", kCut},
          {"inbox/done/d.enrol.asc", kCertificate}};
}

struct Server {
  FakeCourierOperations operations;
  auth::SystemRng rng;
  CourierCarrier carrier{operations, rng};

  void take(const CourierStick& stick) {
    auto folder = CourierFolder::open(stick.text_path());
    REQUIRE(folder);
    REQUIRE(carrier.import_responses(*folder, {}));
  }
  // True where it was pulled out.
  bool take_until(const CourierStick& stick, std::size_t steps) {
    PullOut pull(steps);
    auto folder = CourierFolder::open_watched(stick.text_path(), pull);
    REQUIRE(folder);
    static_cast<void>(carrier.import_responses(*folder, {}));
    return pull.pulled();
  }
};

// What must hold at any moment: no answer in the outbox is another than it will be, and whatever is no longer in the
// inbox has its answer.
void check_between(const CourierStick& stick) {
  const Contents now = stick.contents();
  const Contents end = settled();
  for (const auto& [name, text] : now) {
    if (name.starts_with("outbox/") && !name.ends_with(kPartFile)) CHECK(end.at(name) == text);
  }
  if (!now.contains("inbox/Alice.response.asc")) {
    CHECK(now.contains("outbox/" + answer_id("Alice.response.asc", kGranted) + ".session.asc"));
  }
  if (!now.contains("inbox/b.response.asc")) CHECK(now.contains("outbox/b.refused.txt"));
  CHECK(now.contains("inbox/c.response.asc"));
}

void check_end(const Server& server, const CourierStick& stick) {
  CHECK(stick.contents() == settled());
  CHECK(server.operations.sessions_opened() == 1);
}

}  // namespace

TEST_CASE("S65 an import that ends before any step and is done again ends as if nothing had happened") {
  std::size_t points = 0;
  for (bool pulled = true; pulled; ++points) {
    Server server;
    const CourierStick stick;
    fill(stick);
    CAPTURE(points);
    pulled = server.take_until(stick, points);
    check_between(stick);
    server.take(stick);
    check_end(server, stick);
  }
  CHECK(points > 20);  // an import of three files has that many steps at least
}

TEST_CASE("S65 an import that ends twice before any two steps ends as if nothing had happened", "[.long]") {
  bool first_pulled = true;
  for (std::size_t first = 0; first_pulled; ++first) {
    bool second_pulled = true;
    for (std::size_t second = 0; second_pulled; ++second) {
      Server server;
      const CourierStick stick;
      fill(stick);
      CAPTURE(first, second);
      first_pulled = server.take_until(stick, first);
      second_pulled = server.take_until(stick, second);
      check_between(stick);
      server.take(stick);
      check_end(server, stick);
    }
  }
}

TEST_CASE("once the stick is out no further response is taken") {
  Server server;
  const CourierStick stick;
  for (const char* id : {"a", "b", "c"}) stick.put("inbox/" + std::string(id) + ".response.asc", courier_response(id));
  // Making the outbox and trying it takes four steps; the fifth would begin the first grant.
  PullOut pull(4);
  auto folder = CourierFolder::open_watched(stick.text_path(), pull);
  REQUIRE(folder);
  const auto report = server.carrier.import_responses(*folder, {});
  REQUIRE(report);
  CHECK(pull.pulled());
  CHECK(report->count(Settlement::left) == 3);
  CHECK(server.operations.sessions_opened() == 1);
}

TEST_CASE("S65 a grant whose answer was lost after the commit is written by the next import") {
  Server server;
  const CourierStick stick;
  fill(stick);
  server.operations.lose_next_answer();
  server.take(stick);
  CHECK(server.operations.sessions_opened() == 1);
  CHECK(stick.has("inbox/Alice.response.asc"));
  server.take(stick);
  check_end(server, stick);
}

TEST_CASE("a grant is synced and read back before its response is moved") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  stick.put("inbox/done/x", "");
  stick.put("outbox/x", "");
  Steps watch;
  auto folder = CourierFolder::open_watched(stick.text_path(), watch);
  REQUIRE(folder);
  REQUIRE(server.carrier.import_responses(*folder, {}));
  CHECK(watch.steps == std::vector<std::string>{"create", "remove",  // can it be written at all?
                                                "create", "write", "sync file", "rename", "sync folder", "read back",
                                                "move", "sync folder", "sync folder"});
}

TEST_CASE("S65 a refusal that is out of date goes away before the response is moved and after the grant is there") {
  std::size_t points = 0;
  for (bool pulled = true; pulled; ++points) {
    Server server;
    const CourierStick stick;
    stick.put("inbox/a.response.asc", courier_response("one"));
    stick.put("outbox/a.refused.txt", "denied\n");
    CAPTURE(points);
    pulled = server.take_until(stick, points);
    if (!stick.has("outbox/a.refused.txt")) CHECK(stick.has("outbox/a.session.asc"));
    if (!stick.has("inbox/a.response.asc")) CHECK_FALSE(stick.has("outbox/a.refused.txt"));
    server.take(stick);
    CHECK(stick.contents() == Contents{{"inbox/done/a.response.asc", courier_response("one")},
                                       {"outbox/a.session.asc", courier_armor("PGP MESSAGE", "grant one1")}});
    CHECK(server.operations.sessions_opened() == 1);
  }
  CHECK(points > 10);
}

TEST_CASE("a medium that gives back other bytes than were written is not trusted with the move") {
  // Changes the grant between its writing and its reading back, as a bad block would.
  class BadBlock final : public StepWatch {
   public:
    explicit BadBlock(const CourierStick& stick) : stick_(stick) {}
    Status before(std::string_view step) override {
      if (step == "read back") stick_.put("outbox/a.session.asc", "other bytes");
      return ok();
    }

   private:
    const CourierStick& stick_;
  };
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  {
    BadBlock watch(stick);
    auto folder = CourierFolder::open_watched(stick.text_path(), watch);
    REQUIRE(folder);
    const auto report = server.carrier.import_responses(*folder, {});
    REQUIRE(report);
    REQUIRE(report->files.size() == 1);
    CHECK(report->files[0].settlement == Settlement::left);
    CHECK(report->files[0].outcome.error().code == ErrorCode::storage_unavailable);
  }
  CHECK(stick.has("inbox/a.response.asc"));
  server.take(stick);
  CHECK(stick.get("outbox/a.session.asc") == courier_armor("PGP MESSAGE", "grant one1"));
}

TEST_CASE("a grant that a run left behind unsynced is synced before its response is moved") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  stick.put("inbox/done/x", "");
  stick.put("outbox/a.session.asc", courier_armor("PGP MESSAGE", "grant one1"));
  Steps watch;
  auto folder = CourierFolder::open_watched(stick.text_path(), watch);
  REQUIRE(folder);
  REQUIRE(server.carrier.import_responses(*folder, {}));
  CHECK(watch.steps ==
        std::vector<std::string>{"create", "remove", "sync file", "sync folder", "move", "sync folder", "sync folder"});
}

TEST_CASE("what a medium without atomic rename leaves is put right by the next import") {
  Server server;
  const CourierStick stick;
  fill(stick);
  const std::string grant = "outbox/" + answer_id("Alice.response.asc", kGranted) + ".session.asc";
  SECTION("an empty grant") {
    stick.put(grant, "");
  }
  SECTION("a grant of zeros") {
    stick.put(grant, std::string(200, '\0'));
  }
  SECTION("a grant cut off") {
    stick.put(grant, courier_armor("PGP MESSAGE", "grant one1").substr(0, 40));
  }
  SECTION("a response under both names") {
    stick.put("inbox/done/alice.response.asc", kGranted);
  }
  server.take(stick);
  check_end(server, stick);
}

TEST_CASE("an export that ends before any step and is done again leaves whole challenges only") {
  const std::vector<std::string> usernames{"alice", "bob"};
  std::size_t points = 0;
  for (bool pulled = true; pulled; ++points) {
    Server server;
    const CourierStick stick;
    CAPTURE(points);
    {
      PullOut pull(points);
      auto folder = CourierFolder::open_watched(stick.text_path(), pull);
      REQUIRE(folder);
      static_cast<void>(server.carrier.export_challenges(*folder, usernames, Json::object(), {}));
      pulled = pull.pulled();
    }
    auto folder = CourierFolder::open(stick.text_path());
    REQUIRE(folder);
    const auto report = server.carrier.export_challenges(*folder, usernames, Json::object(), {});
    REQUIRE(report);
    CHECK(report->server);
    CHECK(report->written() == 2);
    for (const auto& [name, text] : stick.contents()) CHECK(is_whole(text));
  }
  CHECK(points > 20);
}

TEST_CASE("a response whose writing ends before any step is absent or whole and can be written again") {
  const std::string response = courier_response("one");
  std::size_t points = 0;
  for (bool pulled = true; pulled; ++points) {
    const CourierStick stick;
    CAPTURE(points);
    {
      PullOut pull(points);
      auto folder = CourierFolder::open_watched(stick.text_path(), pull);
      REQUIRE(folder);
      static_cast<void>(write_response(*folder, "a", response));
      pulled = pull.pulled();
    }
    if (stick.has("inbox/a.response.asc")) CHECK(stick.get("inbox/a.response.asc") == response);
    auto folder = CourierFolder::open(stick.text_path());
    REQUIRE(folder);
    REQUIRE(write_response(*folder, "a", response));
    CHECK(stick.contents() == Contents{{"inbox/a.response.asc", response}});
  }
  CHECK(points > 6);
}
