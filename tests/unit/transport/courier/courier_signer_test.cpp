#include "transport/courier/courier_signer.hpp"

#include <catch2/catch.hpp>

#include "tests/support/courier_stick.hpp"
#include "tests/support/fake_courier_operations.hpp"
#include "transport/courier/courier_carrier.hpp"
#include "transport/courier/courier_name.hpp"

using namespace countersign;
using namespace countersign::transport::courier;
using namespace countersign::test;

namespace {

CourierFolder opened(const CourierStick& stick) {
  auto folder = CourierFolder::open(stick.text_path());
  if (!folder) FAIL(folder.error().detail);
  return *std::move(folder);
}

std::vector<std::string> ids_of(const Result<CourierFiles>& files) {
  REQUIRE(files);
  std::vector<std::string> ids;
  for (const CourierFile& file : files->files) ids.push_back(file.id);
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a challenge goes out and its response in and its grant out over one stick") {
  FakeCourierOperations operations;
  auth::SystemRng rng;
  CourierCarrier carrier(operations, rng);
  const CourierStick stick;
  CourierFolder folder = opened(stick);
  const std::vector<std::string> usernames{"alice", "bob"};
  REQUIRE(carrier.export_challenges(folder, usernames, Json::object(), {}));

  const auto challenges = read_challenges(folder);
  REQUIRE(ids_of(challenges).size() == 2);
  const auto certificates = read_server_certificates(folder);
  REQUIRE(certificates);
  REQUIRE(certificates->size() == 1);
  CHECK(certificates->front() == courier_armor("PGP PUBLIC KEY BLOCK", "server"));
  for (const CourierFile& file : challenges->files) {
    REQUIRE(write_response(folder, file.id, courier_response(file.id)));
  }
  CHECK(ids_of(read_challenges(folder)).empty());

  const auto report = carrier.import_responses(folder, {});
  REQUIRE(report);
  CHECK(report->count(Settlement::granted) == 2);
  const auto grants = read_grants(folder);
  CHECK(ids_of(grants) == ids_of(challenges));
  CHECK(grants->files[0].text == courier_armor("PGP MESSAGE", "grant " + grants->files[0].id + "1"));
  CHECK(ids_of(read_challenges(folder)).empty());
}

// For a medium that folds case, as FAT and exFAT do, mounted at the folder that TMPDIR names:
//   TMPDIR=/mnt/stick unit_tests "[.folding]"
TEST_CASE("a folding medium carries challenges responses and grants as any other", "[.folding]") {
  FakeCourierOperations operations;
  auth::SystemRng rng;
  CourierCarrier carrier(operations, rng);
  const CourierStick stick;
  stick.put("probe", "");
  REQUIRE(stick.has("PROBE"));
  CourierFolder folder = opened(stick);
  const std::vector<std::string> usernames{"alice"};
  REQUIRE(carrier.export_challenges(folder, usernames, Json::object(), {}));
  const Ids ids = ids_of(read_challenges(folder));
  REQUIRE(ids.size() == 1);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(write_response(folder, ids[0], courier_response("one")));
    const auto report = carrier.import_responses(folder, {});
    REQUIRE(report);
    CHECK(report->count(Settlement::granted) == 1);
    CHECK(report->files[0].moved);
    CHECK(stick.get("outbox/" + ids[0] + ".session.asc") == courier_armor("PGP MESSAGE", "grant one1"));
  }
  // Three texts under what is one name for the medium, one after the other.
  const std::vector<std::string> names{"Reply.response.asc", "REPLY.response.asc", "reply.RESPONSE.ASC"};
  for (const std::string& name : names) {
    stick.put("inbox/" + name, courier_response(name));
    const auto report = carrier.import_responses(folder, {});
    REQUIRE(report);
    CHECK(report->count(Settlement::granted) == 1);
    CHECK(report->files[0].moved);
  }
  CHECK(operations.sessions_opened() == 4);
  std::vector<std::string> done;
  for (const auto& [name, text] : stick.contents()) {
    if (name.starts_with("inbox/done/")) done.push_back(text);
    CHECK_FALSE(name.starts_with("inbox/reply"));
  }
  CHECK(done.size() == 4);
}

TEST_CASE("a challenge counts as answered by a whole response a done one a grant or a refusal") {
  const CourierStick stick;
  for (const char* id : {"a", "b", "c", "d", "e", "f"}) {
    stick.put("outbox/" + std::string(id) + ".challenge.asc", courier_armor("PGP MESSAGE", id));
  }
  stick.put("inbox/a.response.asc", courier_response("a"));
  stick.put("inbox/b.response.asc", courier_response("b").substr(0, 50));  // cut off: to be written again
  stick.put("inbox/done/c.response.asc", courier_response("c"));
  stick.put("outbox/d.session.asc", courier_armor("PGP MESSAGE", "d"));
  stick.put("outbox/e.refused.txt", "denied\n");
  CourierFolder folder = opened(stick);
  CHECK(ids_of(read_challenges(folder)) == Ids{"b", "f"});
}

TEST_CASE("a challenge that is cut off or a link is listed with the reason and no text") {
  const CourierStick stick;
  stick.put("outbox/a.challenge.asc", courier_armor("PGP MESSAGE", "a").substr(0, 40));
  std::filesystem::create_symlink("/etc/passwd", stick.path() / "outbox/b.challenge.asc");
  stick.put("outbox/c.challenge.asc", courier_armor("PGP MESSAGE", "c"));
  CourierFolder folder = opened(stick);
  const auto challenges = read_challenges(folder);
  REQUIRE(ids_of(challenges) == Ids{"a", "b", "c"});
  CHECK(challenges->files[0].text.error().code == ErrorCode::file_incomplete);
  CHECK(challenges->files[1].text.error().code == ErrorCode::file_refused);
  CHECK(challenges->files[2].text == courier_armor("PGP MESSAGE", "c"));
}

TEST_CASE("a challenge and a grant with a byte order mark are read without it") {
  const CourierStick stick;
  const std::string message = courier_armor("PGP MESSAGE", "a");
  stick.put("outbox/a.challenge.asc", "\xEF\xBB\xBF" + message);
  stick.put("outbox/b.session.asc", "\xEF\xBB\xBF" + message);
  CourierFolder folder = opened(stick);
  CHECK(read_challenges(folder)->files.at(0).text == message);
  CHECK(read_grants(folder)->files.at(0).text == message);
}

TEST_CASE("S23 a response is written under an id of ours only") {
  const CourierStick stick;
  CourierFolder folder = opened(stick);
  for (const std::string_view id : {"", "..", "../a", "A", "a/b", "a.b"}) {
    const auto written = write_response(folder, id, courier_response("a"));
    REQUIRE_FALSE(written);
    CHECK(written.error().code == ErrorCode::malformed_name);
  }
  CHECK(stick.contents().empty());
}

TEST_CASE("a response that would be taken as cut off is not written") {
  const CourierStick stick;
  CourierFolder folder = opened(stick);
  const auto written = write_response(folder, "a", "yes, it is me");
  REQUIRE_FALSE(written);
  CHECK(written.error().code == ErrorCode::file_incomplete);
  CHECK(stick.contents().empty());
}

TEST_CASE("a stick without an outbox has neither challenges nor grants nor a certificate") {
  const CourierStick stick;
  CourierFolder folder = opened(stick);
  CHECK(ids_of(read_challenges(folder)).empty());
  CHECK(ids_of(read_grants(folder)).empty());
  CHECK(read_server_certificates(folder)->empty());
}

TEST_CASE("the certificates of several servers are read and the one of a stick of old too") {
  const CourierStick stick;
  stick.put("outbox/server.asc", courier_armor("PGP PUBLIC KEY BLOCK", "old"));
  stick.put("outbox/" + server_file("https://b.example.org"), courier_armor("PGP PUBLIC KEY BLOCK", "b"));
  stick.put("outbox/server-mine.asc", courier_armor("PGP PUBLIC KEY BLOCK", "x"));
  CourierFolder folder = opened(stick);
  const auto certificates = read_server_certificates(folder);
  REQUIRE(certificates);
  REQUIRE(certificates->size() == 2);
  CHECK(certificates->at(0) == courier_armor("PGP PUBLIC KEY BLOCK", "b"));
  CHECK(certificates->at(1) == courier_armor("PGP PUBLIC KEY BLOCK", "old"));
}

TEST_CASE("S61 over 1000 challenges are told of and the rest comes when the first are answered") {
  const CourierStick stick;
  for (int i = 0; i < 1001; ++i) {
    stick.put("outbox/" + std::to_string(10'000 + i) + ".challenge.asc", courier_armor("PGP MESSAGE", "x"));
  }
  CourierFolder folder = opened(stick);
  const auto challenges = read_challenges(folder);
  REQUIRE(ids_of(challenges).size() == 1000);
  CHECK(challenges->beyond == 1);
  stick.put("inbox/10000.response.asc", courier_response("x"));
  const auto rest = read_challenges(folder);
  CHECK(ids_of(rest).back() == "11000");
  CHECK(rest->beyond == 0);
}
