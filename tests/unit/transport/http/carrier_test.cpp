#include <catch2/catch.hpp>

#include <set>
#include <stdexcept>

#include "tests/unit/transport/http/serving.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;

namespace {

const std::string kId = "00112233445566778899aabbccddeeff";
const std::string kBearer = "Authorization: Bearer cs_abc\r\n";

Json session() {
  return Json::object()
      .set("session", kId)
      .set("account", std::string(64, 'a'))
      .set("username", "zoë b")
      .set("fingerprint", "7E83D657744F8AD2656B40035C27A52981F1F86B");
}

}  // namespace

TEST_CASE("each call runs its operation and answers its status") {
  Serving serving;
  struct Call {
    const char* method;
    std::string path;
    const char* operation;
    int status;
  };
  const Call calls[] = {
      {"GET", "/v1/server", "server.show", 200},
      {"GET", "/v1/session", "session.show", 200},
      {"GET", "/v1/sessions", "session.list", 200},
      {"GET", "/healthz", "health.show", 200},
      {"GET", "/readyz", "ready.show", 200},
      {"POST", "/v1/session", "session.open", 201},
      {"POST", "/v1/accounts", "account.enrol", 201},
      {"POST", "/v1/rotation", "key.rotate", 200},
      {"POST", "/v1/revocation", "key.revoke", 200},
      {"POST", "/v1/session/refresh", "session.refresh", 200},
      {"DELETE", "/v1/session", "session.end", 204},
      {"DELETE", "/v1/sessions", "session.end_all", 204},
      {"DELETE", "/v1/sessions/" + kId, "session.end_one", 204},
  };
  for (const Call& call : calls) {
    INFO(call.method << " " << call.path);
    const bool body = std::string_view(call.method) == "POST";
    const WireReply reply =
        ask(serving.port(), http_request(call.method, call.path, body ? kJson : "", body ? "{}" : ""));
    CHECK(reply.status == call.status);
    const Message seen = serving.operations.seen().back();
    CHECK(seen.operation == call.operation);
    CHECK(seen.carrier == Carrier::http);
    CHECK(seen.source == "127.0.0.1");
    if (call.status == 204) {
      CHECK(reply.header("content-length").empty());
      CHECK(reply.body.empty());
    } else {
      CHECK(reply.header("content-type") == "application/json");
    }
  }
  CHECK(write_json(serving.operations.seen().back().fields) == "{\"session\":\"" + kId + "\"}");
}

TEST_CASE("a challenge is text for people and JSON for who asks for it") {
  Serving serving;
  serving.operations.answer = [](const Message&) -> Result<Json> {
    return Json::object()
        .set("challenge_message", "-----BEGIN PGP MESSAGE-----\n")
        .set("expires_at", "2026-11-21T17:25:00Z");
  };
  const std::string form = "Content-Type: application/x-www-form-urlencoded\r\n";
  const WireReply text = serving.post("/v1/challenge", form + "Accept: */*\r\n", "username=alice");
  CHECK(text.status == 200);
  CHECK(text.header("content-type") == "text/plain");
  CHECK(text.body == "-----BEGIN PGP MESSAGE-----\n");
  CHECK(write_json(serving.operations.seen().back().fields) == R"({"username":"alice"})");
  const WireReply json = serving.post("/v1/challenge", form + "Accept: application/json\r\n", "username=alice");
  CHECK(json.header("content-type") == "application/json");
  CHECK(json.body == R"({"challenge_message":"-----BEGIN PGP MESSAGE-----\n","expires_at":"2026-11-21T17:25:00Z"})");
}

TEST_CASE("a token comes by its header and only where one is asked for") {
  Serving serving;
  serving.get("/v1/session", kBearer);
  CHECK(serving.operations.seen().back().token.reveal_text() == "cs_abc");
  serving.get("/v1/session", "Authorization: Basic Y3NfYWJj\r\n");
  CHECK(serving.operations.seen().back().token.empty());
  serving.get("/v1/server", kBearer);
  CHECK(serving.operations.seen().back().token.empty());
}

TEST_CASE("S62 no token in a URL is ever looked at") {
  Serving serving;
  CHECK(serving.get("/v1/session?access_token=cs_abc").status == 400);
  CHECK(serving.get("/v1/session", "Cookie: token=cs_abc\r\n").status == 200);
  REQUIRE(serving.operations.seen().size() == 1);
  CHECK(serving.operations.seen().back().token.empty());
}

TEST_CASE("every public face has one status and one form") {
  Serving serving;
  ErrorCode code = ErrorCode::failed;
  serving.operations.answer = [&](const Message&) -> Result<Json> { return fail(code, "why \x1b[31m\nso"); };
  struct Row {
    ErrorCode code;
    int status;
    const char* face;
  };
  const Row rows[] = {
      {ErrorCode::malformed_message, 400, "malformed"},     {ErrorCode::certificate_refused, 400, "malformed"},
      {ErrorCode::message_too_large, 413, "malformed"},     {ErrorCode::signature_invalid, 401, "denied"},
      {ErrorCode::account_unknown, 401, "denied"},          {ErrorCode::not_found, 401, "denied"},
      {ErrorCode::record_tampered, 401, "denied"},          {ErrorCode::failed, 401, "denied"},
      {ErrorCode::account_exists, 409, "conflict"},         {ErrorCode::slow_down, 429, "slow_down"},
      {ErrorCode::storage_unavailable, 503, "unavailable"},
  };
  for (const Row& row : rows) {
    INFO(name_of(row.code));
    code = row.code;
    const WireReply reply = serving.post("/v1/session", kJson, "{}");
    CHECK(reply.status == row.status);
    CHECK(reply.header("content-type") == "application/problem+json");
    const auto problem = parse_json(reply.body);
    REQUIRE(problem.has_value());
    CHECK(*problem->find("code") == Json(row.face));
    CHECK(*problem->find("status") == Json(row.status));
    CHECK(problem->find("title") != nullptr);
    CHECK(problem->find("type") != nullptr);
    const bool malformed = std::string_view(row.face) == "malformed";
    CHECK((problem->find("detail") != nullptr) == malformed);
    if (malformed) CHECK(*problem->find("detail") == Json("why \\x1b[31m\\x0aso"));
    CHECK(reply.header("retry-after").empty() == (row.status != 429 && row.status != 503));
    CHECK(reply.header("www-authenticate").empty() == (row.status != 401));
  }
}

TEST_CASE("S11 whatever was wrong with a proof the answer is the same bytes") {
  Serving serving;
  ErrorCode code = ErrorCode::failed;
  serving.operations.answer = [&](const Message&) -> Result<Json> { return fail(code, std::string(name_of(code))); };
  std::set<std::string> answers;
  for (const ErrorCode one : {ErrorCode::account_unknown, ErrorCode::challenge_expired, ErrorCode::challenge_consumed,
                              ErrorCode::signature_invalid, ErrorCode::account_not_active, ErrorCode::key_revoked,
                              ErrorCode::record_tampered, ErrorCode::epoch_passed}) {
    code = one;
    const WireReply reply = serving.post("/v1/session", kJson, "{}");
    CHECK(reply.status == 401);
    answers.insert(reply.head + reply.body);
  }
  CHECK(answers.size() == 1);
}

TEST_CASE("S57 what an operation throws does not reach the caller") {
  Serving serving;
  serving.operations.answer = [](const Message&) -> Result<Json> { throw std::runtime_error("/var/lib/secret"); };
  const WireReply reply = serving.post("/v1/session", kJson, "{}");
  CHECK(reply.status == 503);
  CHECK(reply.head.find("secret") == std::string::npos);
  CHECK(reply.body == R"({"type":"about:blank","title":"Service Unavailable","status":503,"code":"unavailable"})");
  CHECK(serving.get("/v1/nothing").status == 404);  // the worker lives
}

TEST_CASE("S63 every answer forbids storing and guessing its type") {
  Serving serving;
  serving.operations.answer = [](const Message& message) -> Result<Json> {
    if (message.operation == "session.show") return fail(ErrorCode::session_unknown);
    if (message.operation == "session.list") return fail(ErrorCode::storage_unavailable);
    return session().set("challenge_message", "x");
  };
  const std::vector<std::string> requests = {
      http_request("GET", "/healthz"),
      http_request("GET", "/v1/server"),
      http_request("GET", "/v1/authz", kBearer),
      http_request("GET", "/v1/session"),
      http_request("GET", "/v1/sessions"),
      http_request("GET", "/nothing"),
      http_request("PUT", "/v1/session"),
      http_request("POST", "/v1/challenge", kJson, "{}"),
      http_request("POST", "/v1/challenge", kJson, "{"),
      http_request("POST", "/v1/session", "Content-Type: image/png\r\n", "x"),
      http_request("DELETE", "/v1/session", kBearer),
      "POST /v1/session HTTP/1.1\r\nHost: a\r\n\r\n",
      "nonsense\r\n",
  };
  for (const std::string& request : requests) {
    INFO(request);
    const WireReply reply = ask(serving.port(), request);
    CHECK(reply.status != 0);
    CHECK(reply.header("cache-control") == "no-store");
    CHECK(reply.header("x-content-type-options") == "nosniff");
    CHECK(reply.header("server").empty());
    CHECK(reply.header("keep-alive").empty());
  }
}

TEST_CASE("S71 health tells its reasons to local callers only") {
  HttpServerSettings settings = Serving::small();
  settings.trusted_proxies = {"127.0.0.9"};
  Serving serving(std::move(settings));
  bool ready = true;
  serving.operations.answer = [&](const Message&) -> Result<Json> {
    if (!ready) return fail(ErrorCode::storage_unavailable, "/var/lib/countersign is full");
    return Json::object().set("status", "ok").set("version", "1.2.3");
  };
  CHECK(serving.get("/readyz").body.find("1.2.3") != std::string::npos);
  CHECK(serving.get("/readyz", "X-Forwarded-For: 192.0.2.1\r\n").body == R"({"status":"ok"})");
  CHECK(serving.get("/healthz", "Forwarded: for=127.0.0.1\r\n").body == R"({"status":"ok"})");
  ready = false;
  const WireReply local = serving.get("/readyz");
  CHECK(local.status == 503);
  CHECK(local.body.find("storage_unavailable: /var/lib/countersign is full") != std::string::npos);
  for (const char* header : {"X-Forwarded-For: 127.0.0.1\r\n", "Via: 1.1 proxy\r\n"}) {
    const WireReply stranger = serving.get("/readyz", header);
    CHECK(stranger.status == 503);
    CHECK(stranger.body.find("storage") == std::string::npos);
    CHECK(stranger.body.find("reasons") == std::string::npos);
  }
}

TEST_CASE("S71 warnings of a server that is ready are told to local callers only") {
  Serving serving;
  serving.operations.answer = [&](const Message&) -> Result<Json> {
    Json warnings = Json::array();
    warnings.push("the server's key expires");
    return Json::object().set("status", "ready").set("warnings", std::move(warnings));
  };
  const WireReply local = serving.get("/readyz");
  CHECK(local.status == 200);
  CHECK(local.body == R"({"status":"ready","warnings":["the server's key expires"]})");
  const WireReply stranger = serving.get("/readyz", "X-Forwarded-For: 192.0.2.1\r\n");
  CHECK(stranger.status == 200);
  CHECK(stranger.body == R"({"status":"ok"})");
}

TEST_CASE("a path or a method that is not ours is told so and keeps the connection") {
  Serving serving;
  Wire wire(serving.port());
  wire.send(http_request("GET", "/v1/session%0d%0aX: y"));
  CHECK(wire.reply().status == 400);  // the blank ends the path
  Wire other(serving.port());
  other.send(http_request("GET", "/v1/session%0d%0aX:y"));
  CHECK(other.reply().status == 404);
  other.send(http_request("PUT", "/v1/session"));
  const WireReply reply = other.reply();
  CHECK(reply.status == 405);
  CHECK(reply.header("allow") == "GET, HEAD, POST, DELETE");
  other.send(http_request("HEAD", "/v1/challenge"));
  CHECK(other.reply(true).status == 405);
  other.send(http_request("GET", "/v1/server"));
  CHECK(other.reply().status == 200);
  CHECK(serving.operations.seen().size() == 1);
}

TEST_CASE("a refused proof waits for the next tick and holds no worker") {
  HttpServerSettings settings = Serving::small();
  settings.refusal_tick = std::chrono::milliseconds(400);
  Serving serving(std::move(settings));
  serving.operations.answer = [](const Message& message) -> Result<Json> {
    if (message.operation == "session.open") return fail(ErrorCode::signature_invalid);
    if (message.operation == "session.show") return fail(ErrorCode::session_unknown);
    return Json::object();
  };
  std::vector<Wire> refused;
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 16; ++i) {  // more than there are workers
    refused.emplace_back(serving.port());
    refused.back().send(http_request("POST", "/v1/session", kJson, "{}"));
  }
  CHECK(serving.get("/v1/session", kBearer).status == 401);  // no proof was tried: nothing to hide
  CHECK(serving.get("/v1/server").status == 200);
  for (Wire& wire : refused) CHECK(wire.reply().status == 401);
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(400));
}
