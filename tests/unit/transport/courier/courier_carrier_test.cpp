#include "transport/courier/courier_carrier.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "storage/base/hash.hpp"
#include "tests/support/courier_stick.hpp"
#include "tests/support/fake_courier_operations.hpp"

using namespace countersign;
using namespace countersign::transport;
using namespace countersign::transport::courier;
using namespace countersign::test;

namespace {

CourierFolder opened(const CourierStick& stick) {
  auto folder = CourierFolder::open(stick.text_path());
  if (!folder) FAIL(folder.error().detail);
  return *std::move(folder);
}

struct Server {
  FakeCourierOperations operations;
  auth::SystemRng rng;
  CourierCarrier carrier{operations, rng};

  ExportReport write(const CourierStick& stick, const std::vector<std::string>& usernames) {
    CourierFolder folder = opened(stick);
    auto out = carrier.export_challenges(folder, usernames, Json::object(), {});
    if (!out) FAIL(out.error().detail);
    return *std::move(out);
  }
  ImportReport take(const CourierStick& stick) {
    CourierFolder folder = opened(stick);
    auto out = carrier.import_responses(folder, {});
    if (!out) FAIL(out.error().detail);
    return *std::move(out);
  }
};

class StuckRng final : public auth::Rng {
 public:
  Status fill(std::span<std::uint8_t> out) override {
    std::fill(out.begin(), out.end(), std::uint8_t{7});
    return ok();
  }
};

class NoRng final : public auth::Rng {
 public:
  Status fill(std::span<std::uint8_t>) override { return fail(ErrorCode::entropy_unavailable); }
};

}  // namespace

TEST_CASE("an export writes the server's certificate and a challenge a user and makes the folders") {
  Server server;
  const CourierStick stick;
  const ExportReport report = server.write(stick, {"alice", "bob"});
  REQUIRE(report.server);
  REQUIRE(report.challenges.size() == 2);
  CHECK(report.written() == 2);
  CHECK(stick.get("outbox/" + server_file(kCourierServer)) == courier_armor("PGP PUBLIC KEY BLOCK", "server"));
  CHECK(stick.get("outbox/" + report.challenges[0].file.value()) == courier_armor("PGP MESSAGE", "alice1"));
  CHECK(stick.get("outbox/" + report.challenges[1].file.value()) == courier_armor("PGP MESSAGE", "bob2"));
  CHECK(std::filesystem::is_directory(stick.path() / "inbox/done"));
  for (const Message& message : server.operations.messages()) {
    CHECK(message.carrier == Carrier::courier);
    CHECK(message.source == "courier");
  }
}

TEST_CASE("the names and bytes of an export say nothing of the users") {
  Server server;
  const CourierStick stick;
  server.write(stick, {"alice"});
  server.write(stick, {"alice"});
  std::set<std::string> challenges;
  for (const auto& [name, text] : stick.contents()) {
    CHECK(name.find("alice") == std::string::npos);
    CHECK(text.find("alice") == std::string::npos);
    if (name != "outbox/" + server_file(kCourierServer)) challenges.insert(name);
  }
  CHECK(challenges.size() == 2);  // two for one user share nothing
}

TEST_CASE("what fails for one user of an export does not hide the others") {
  Server server;
  const CourierStick stick;
  server.operations.fail_issuing_for("bob", ErrorCode::openpgp_unavailable);
  std::vector<std::pair<std::size_t, std::size_t>> steps;
  CourierFolder folder = opened(stick);
  const std::vector<std::string> usernames{"alice", "bob", "carol"};
  const auto report = server.carrier.export_challenges(
      folder, usernames, Json::object(), [&](std::size_t done, std::size_t total) { steps.emplace_back(done, total); });
  REQUIRE(report);
  CHECK(report->written() == 2);
  REQUIRE_FALSE(report->challenges[1].file);
  CHECK(report->challenges[1].file.error().code == ErrorCode::openpgp_unavailable);
  CHECK(report->challenges[2].file);
  CHECK(steps == std::vector<std::pair<std::size_t, std::size_t>>{{1, 3}, {2, 3}, {3, 3}});
}

TEST_CASE("a generator that repeats itself or fails gives nobody's challenge to another") {
  FakeCourierOperations operations;
  const CourierStick stick;
  CourierFolder folder = opened(stick);
  const std::vector<std::string> usernames{"alice", "bob"};
  StuckRng stuck;
  const auto repeated = CourierCarrier(operations, stuck).export_challenges(folder, usernames, Json::object(), {});
  REQUIRE(repeated);
  CHECK(repeated->challenges[0].file);
  REQUIRE_FALSE(repeated->challenges[1].file);
  CHECK(repeated->challenges[1].file.error().code == ErrorCode::entropy_unavailable);
  CHECK(stick.get("outbox/" + *repeated->challenges[0].file) == courier_armor("PGP MESSAGE", "alice1"));
  NoRng none;
  const auto failed = CourierCarrier(operations, none).export_challenges(folder, usernames, Json::object(), {});
  REQUIRE(failed);
  CHECK(failed->written() == 0);
}

TEST_CASE("a response becomes a grant in the outbox under its id and moves to done") {
  Server server;
  const CourierStick stick;
  const std::string response = courier_response("one");
  stick.put("inbox/0a1b.response.asc", response);
  const ImportReport report = server.take(stick);
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].settlement == Settlement::granted);
  CHECK(report.files[0].outcome == "0a1b.session.asc");
  CHECK(report.files[0].moved);
  CHECK(stick.contents() ==
        std::map<std::string, std::string>{{"inbox/done/0a1b.response.asc", response},
                                           {"outbox/0a1b.session.asc", courier_armor("PGP MESSAGE", "grant one1")}});
  const auto messages = server.operations.messages();
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].operation == "response.redeem");
  CHECK(messages[0].carrier == Carrier::courier);
  CHECK(messages[0].source == "courier");
  CHECK(messages[0].text == response);
}

TEST_CASE("S65 a response that comes again gives the same grant again and no second session") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  server.take(stick);
  const auto once = stick.contents();
  stick.put("inbox/a.response.asc", courier_response("one"));
  CHECK(server.take(stick).count(Settlement::granted) == 1);
  CHECK(stick.contents() == once);
  CHECK(server.operations.sessions_opened() == 1);
}

TEST_CASE("S65 the same response imported 1000 times by 8 threads opens one session") {
  Server server;
  constexpr int kThreads = 8;
  constexpr int kTimes = 125;
  const std::string response = courier_response("one");
  std::vector<CourierStick> sticks(kThreads);
  std::vector<std::thread> threads;
  std::atomic<int> granted = 0;
  for (const CourierStick& stick : sticks) {
    threads.emplace_back([&] {
      for (int i = 0; i < kTimes; ++i) {
        std::filesystem::create_directories(stick.path() / "inbox");
        std::ofstream(stick.path() / "inbox/a.response.asc") << response;
        auto folder = CourierFolder::open(stick.text_path());
        if (!folder) continue;
        const auto report = server.carrier.import_responses(*folder, {});
        if (report) granted += static_cast<int>(report->count(Settlement::granted));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(granted == kThreads * kTimes);
  CHECK(server.operations.runs() == kThreads * kTimes);
  CHECK(server.operations.sessions_opened() == 1);
  for (const CourierStick& stick : sticks) CHECK(stick.contents() == sticks[0].contents());
}

TEST_CASE("S65 8 threads at one stick open one session and leave one grant") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  std::vector<std::thread> threads;
  std::atomic<int> taken = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (;;) {
        auto folder = CourierFolder::open(stick.text_path());
        if (!folder && folder.error().code == ErrorCode::busy) continue;
        const auto report = folder ? server.carrier.import_responses(*folder, {}) : ImportReport{};
        if (report) taken += static_cast<int>(report->count(Settlement::granted));
        return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == 1);
  CHECK(server.operations.sessions_opened() == 1);
  CHECK(stick.get("outbox/a.session.asc") == courier_armor("PGP MESSAGE", "grant one1"));
}

TEST_CASE("a refused response is answered with its face and no more") {
  Server server;
  const CourierStick stick;
  const std::vector<std::pair<std::string, std::string>> verdicts{
      {"malformed_statement", "malformed\n"}, {"challenge_expired", "denied\n"}, {"account_unknown", "denied\n"},
      {"challenge_consumed", "denied\n"},     {"key_taken", "conflict\n"},       {"record_tampered", "denied\n"},
      {"enrolment_not_held", "denied\n"}};
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    stick.put("inbox/f" + std::to_string(i) + ".response.asc", courier_response_with_verdict("c", verdicts[i].first));
  }
  const ImportReport report = server.take(stick);
  CHECK(report.count(Settlement::refused) == verdicts.size());
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    CHECK(stick.get("outbox/f" + std::to_string(i) + ".refused.txt") == verdicts[i].second);
    CHECK(stick.has("inbox/done/f" + std::to_string(i) + ".response.asc"));
    CHECK(report.files[i].outcome.error().code == error_code_named(verdicts[i].first));
  }
}

TEST_CASE("a response that cannot be judged now stays for the next import") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  for (const ErrorCode code : {ErrorCode::storage_unavailable, ErrorCode::busy, ErrorCode::slow_down,
                               ErrorCode::openpgp_unavailable, ErrorCode::failed}) {
    server.operations.fail_sessions_with(code);
    const ImportReport report = server.take(stick);
    REQUIRE(report.files.size() == 1);
    CHECK(report.files[0].settlement == Settlement::left);
    CHECK(report.files[0].outcome.error().code == code);
    CHECK(stick.contents().size() == 1);
  }
  server.operations.work_again();
  CHECK(server.take(stick).count(Settlement::granted) == 1);
}

TEST_CASE("S64 a response cut off at any byte is neither refused nor moved and is taken once it is whole") {
  Server server;
  const CourierStick stick;
  const std::string response = courier_response("one");
  const std::size_t end = response.size() - 1;  // the last LF may be missing
  for (std::size_t size = 0; size < end; ++size) {
    stick.put("inbox/a.response.asc", response.substr(0, size));
    const ImportReport report = server.take(stick);
    if (report.count(Settlement::incomplete) != 1 || stick.contents().size() != 1) FAIL("cut at " << size);
    // What a medium shows where a size was written and its bytes were not.
    stick.put("inbox/a.response.asc", response.substr(0, size) + std::string(response.size() - size, '\0'));
    if (server.take(stick).count(Settlement::incomplete) != 1) FAIL("zeros from " << size);
  }
  CHECK(server.operations.runs() == 0);
  stick.put("inbox/a.response.asc", response.substr(0, end));
  CHECK(server.take(stick).count(Settlement::granted) == 1);
}

TEST_CASE("a response in UTF-16 is taken as it is cut off as any other and its answer is named after its bytes") {
  Server server;
  const CourierStick stick;
  const std::string response = courier_response("one");
  std::string utf16 = "\xFF\xFE";
  for (const char c : response) utf16 += {c, '\0'};
  for (const std::size_t size : {utf16.size() - 5, utf16.size() - 6}) {
    stick.put("inbox/A.response.asc", utf16.substr(0, size));
    CHECK(server.take(stick).count(Settlement::incomplete) == 1);
  }
  stick.put("inbox/A.response.asc", utf16);
  REQUIRE(server.take(stick).count(Settlement::granted) == 1);
  CHECK(server.operations.messages().back().text == response);
  CHECK(stick.has("outbox/" + hex(sha256(as_bytes(utf16))).substr(0, 16) + ".session.asc"));
  CHECK(stick.get("inbox/done/a.response.asc") == utf16);
  // Nothing that is copied again would mend this one.
  stick.put("inbox/b.response.asc", utf16.substr(2));
  const ImportReport report = server.take(stick);
  CHECK(report.count(Settlement::left) == 1);
  CHECK(report.files[0].outcome.error().code == ErrorCode::file_refused);
}

TEST_CASE("what the operation finds incomplete is neither refused nor moved") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response_with_verdict("one", "file_incomplete"));
  CHECK(server.take(stick).count(Settlement::incomplete) == 1);
  CHECK(stick.contents().size() == 1);
}

TEST_CASE("a certificate to enrol is held and nothing is written for it") {
  Server server;
  const CourierStick stick;
  const std::string certificate = courier_armor("PGP PUBLIC KEY BLOCK", "alice");
  stick.put("inbox/My_Key.enrol.asc", certificate);
  const ImportReport report = server.take(stick);
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].kind == InboxKind::enrol);
  CHECK(report.files[0].settlement == Settlement::held);
  CHECK(report.files[0].outcome == hex_upper(sha256(as_bytes(certificate))).substr(0, 40));
  CHECK(stick.contents() == std::map<std::string, std::string>{{"inbox/done/my_key.enrol.asc", certificate}});
  CHECK(server.operations.messages()[0].operation == "account.hold");
}

TEST_CASE("a refused enrolment is answered with its face") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/k.enrol.asc", courier_response_with_verdict("c", "certificate_refused"));
  CHECK(server.take(stick).count(Settlement::refused) == 1);
  CHECK(stick.get("outbox/k.refused.txt") == "malformed\n");
}

TEST_CASE("what answers another server is left alone and its own is taken") {
  Server server;
  const CourierStick stick;
  const std::string other = courier_response_to("https://b.example.org", "one");
  stick.put("inbox/a.response.asc", other);
  stick.put("inbox/b.response.asc", courier_response_to(kCourierServer, "two"));
  stick.put("inbox/c.response.asc", courier_response("three"));  // names none: judged
  for (int round = 0; round < 2; ++round) {
    const ImportReport report = server.take(stick);
    CHECK(report.files[0].settlement == Settlement::another_server);
    CHECK(report.files[0].outcome == "https://b.example.org");
    CHECK(report.files[0].account == std::string(64, 'a'));
    if (round == 0) CHECK(report.count(Settlement::granted) == 2);
  }
  CHECK(server.operations.sessions_opened() == 2);
  CHECK(stick.get("inbox/a.response.asc") == other);
  CHECK_FALSE(stick.has("outbox/a.session.asc"));
  CHECK_FALSE(stick.has("outbox/a.refused.txt"));
}

TEST_CASE("the certificates of two servers lie side by side and another's stays as it is") {
  Server server;
  const CourierStick stick;
  stick.put("outbox/server.asc", "old");
  stick.put("outbox/" + server_file("https://b.example.org"), "b");
  server.write(stick, {"alice"});
  CHECK(stick.get("outbox/server.asc") == "old");
  CHECK(stick.get("outbox/" + server_file("https://b.example.org")) == "b");
  CHECK(stick.get("outbox/" + server_file(kCourierServer)) == courier_armor("PGP PUBLIC KEY BLOCK", "server"));
}

TEST_CASE("S64 a secret key on the stick is told of and neither moved nor handed on") {
  Server server;
  const CourierStick stick;
  const std::string armored = courier_armor("PGP PRIVATE KEY BLOCK", "alice");
  const std::string binary = "\x94\x06\x04\xff\xff\xff\xff\x16";
  const std::string inside = courier_response("one") + armored;
  stick.put("inbox/a.enrol.asc", armored);
  stick.put("inbox/b.enrol.asc", binary);
  stick.put("inbox/c.response.asc", inside);
  stick.put("inbox/d.enrol.asc", "\xEF\xBB\xBF" + armored.substr(0, 60));
  const ImportReport report = server.take(stick);
  CHECK(report.count(Settlement::exposed) == 4);
  CHECK(report.files[0].outcome.error().code == ErrorCode::secret_key_handed_in);
  CHECK(server.operations.runs() == 0);
  CHECK(stick.get("inbox/a.enrol.asc") == armored);
  CHECK(stick.get("inbox/c.response.asc") == inside);
  CHECK(stick.get("outbox/b.refused.txt") == "malformed\n");
  for (const auto& [name, text] : stick.contents()) CHECK_FALSE(name.starts_with("inbox/done/"));
}

TEST_CASE("a binary response and a binary certificate are left with what to do about them") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", "\xa3\x01\x02\x03");
  stick.put("inbox/b.enrol.asc", "\x98\x33\x04\x60\x01\xff");
  const ImportReport report = server.take(stick);
  REQUIRE(report.count(Settlement::left) == 2);
  CHECK(report.files[0].outcome.error().detail.find("`gpg --clearsign`") != std::string::npos);
  CHECK(report.files[1].outcome.error().detail.find("`gpg --armor --export FINGERPRINT`") != std::string::npos);
  CHECK(stick.contents().size() == 2);
}

TEST_CASE("a response in the outbox and one whose name is nearly right are named and not opened") {
  Server server;
  const CourierStick stick;
  stick.put("outbox/a.response.asc", courier_response("one"));
  stick.put("inbox/b.response.asc.txt", courier_response("two"));
  stick.put("inbox/c (1).response.asc", courier_response("three"));
  stick.put("inbox/notes.txt", "");
  const auto before = stick.contents();
  const ImportReport report = server.take(stick);
  CHECK(report.misplaced == std::vector<std::string>{"a.response.asc"});
  CHECK(std::set<std::string>(report.renamed.begin(), report.renamed.end()) ==
        std::set<std::string>{"b.response.asc.txt", "c (1).response.asc"});
  CHECK(report.foreign == 3);
  CHECK(report.files.empty());
  CHECK(stick.contents() == before);
}

TEST_CASE("a refusal goes away when the same id is granted and what somebody else wrote stays") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response_with_verdict("one", "challenge_expired"));
  server.take(stick);
  CHECK(stick.get("outbox/a.refused.txt") == "denied\n");
  stick.put("inbox/a.response.asc", courier_response("two"));
  CHECK(server.take(stick).count(Settlement::granted) == 1);
  CHECK_FALSE(stick.has("outbox/a.refused.txt"));
  CHECK(stick.has("outbox/a.session.asc"));
  stick.put("outbox/b.refused.txt", "ask me, Bob\n");
  stick.put("inbox/b.response.asc", courier_response("three"));
  CHECK(server.take(stick).count(Settlement::granted) == 1);
  CHECK(stick.get("outbox/b.refused.txt") == "ask me, Bob\n");
}

TEST_CASE("nothing of an answer but an armored grant reaches the stick") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  SECTION("an answer without one brings nothing back") {
    server.operations.answer_sessions_with(Json::object().set("token", "cs_secret"));
    CHECK(server.take(stick).count(Settlement::accepted) == 1);
    CHECK(stick.has("inbox/done/a.response.asc"));
  }
  SECTION("a grant that is not armored is an error") {
    server.operations.answer_sessions_with(Json::object().set("grant", "cs_secret"));
    CHECK(server.take(stick).count(Settlement::left) == 1);
    CHECK(stick.has("inbox/a.response.asc"));
  }
  SECTION("a grant that is no text is an error") {
    server.operations.answer_sessions_with(Json::object().set("grant", 7));
    CHECK(server.take(stick).count(Settlement::left) == 1);
  }
  for (const auto& [name, text] : stick.contents()) {
    CHECK(name.find("outbox") == std::string::npos);
    CHECK(text.find("cs_secret") == std::string::npos);
  }
}

TEST_CASE("S64 what cannot be opened safely is reported and left and does not stop the others") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", std::string(kFileBytesMax + 1, 'x'));
  std::filesystem::create_symlink("/etc/passwd", stick.path() / "inbox/b.response.asc");
  std::filesystem::create_directory(stick.path() / "inbox/c.response.asc");
  stick.put("inbox/d.response.asc", courier_response("one"));
  stick.put("inbox/e e.response.asc", courier_response("two"));
  const ImportReport report = server.take(stick);
  REQUIRE(report.files.size() == 4);
  CHECK(report.files[0].outcome.error().code == ErrorCode::message_too_large);
  CHECK(report.files[1].outcome.error().code == ErrorCode::file_refused);
  CHECK(report.files[2].outcome.error().code == ErrorCode::file_refused);
  CHECK(report.files[3].settlement == Settlement::granted);
  CHECK(report.count(Settlement::left) == 3);
  CHECK(report.foreign == 1);
  CHECK(report.foreign_names == std::vector<std::string>{"e e.response.asc"});
  CHECK(server.operations.runs() == 1);
}

TEST_CASE("S61 an import takes 1000 files and says how many more there are") {
  Server server;
  const CourierStick stick;
  for (int i = 0; i < 1002; ++i) stick.put("inbox/" + std::to_string(10'000 + i) + ".response.asc", "cut");
  const ImportReport report = server.take(stick);
  CHECK(report.files.size() == 1000);
  CHECK(report.beyond == 2);
}

TEST_CASE("an absent or empty inbox is no files and no error and nothing is written") {
  Server server;
  const CourierStick stick;
  CHECK(server.take(stick).files.empty());
  std::filesystem::create_directory(stick.path() / "inbox");
  CHECK(server.take(stick).files.empty());
  CHECK_FALSE(stick.has("outbox"));
}

TEST_CASE("responses whose names differ by case alone each get an answer of their own") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/Alice.response.asc", courier_response("one"));
  stick.put("inbox/alice.response.asc", courier_response("two"));
  stick.put("inbox/alice.RESPONSE.asc", courier_response("three"));
  CHECK(server.take(stick).count(Settlement::granted) == 3);
  std::set<std::string> folded;
  std::set<std::string> grants;
  for (const auto& [name, text] : stick.contents()) {
    folded.insert(done_name(name));  // as a folding medium would see it
    if (name.ends_with(".session.asc")) grants.insert(text);
  }
  CHECK(grants.size() == 3);
  CHECK(folded.size() == 6);
}

TEST_CASE("a stick that cannot be written is refused before any response is taken") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  // A plain file where the outbox should be, which no privilege gets around.
  stick.put("outbox", "in the way");
  CourierFolder folder = opened(stick);
  CHECK_FALSE(server.carrier.import_responses(folder, {}));
  CHECK_FALSE(server.carrier.export_challenges(folder, std::vector<std::string>{"alice"}, Json::object(), {}));
  CHECK(server.operations.runs() == 0);
}

TEST_CASE("where done cannot be made the grant is there and the response stays") {
  Server server;
  const CourierStick stick;
  stick.put("inbox/a.response.asc", courier_response("one"));
  stick.put("inbox/done", "in the way");
  const ImportReport report = server.take(stick);
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].settlement == Settlement::granted);
  CHECK_FALSE(report.files[0].moved);
  CHECK(stick.has("inbox/a.response.asc"));
  CHECK(stick.get("outbox/a.session.asc") == courier_armor("PGP MESSAGE", "grant one1"));
  CHECK(server.take(stick).count(Settlement::granted) == 1);
  CHECK(server.operations.sessions_opened() == 1);
}
