// docs/protocol/openapi.yaml, held against the table of routes, and against what a server answers to each of its calls.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <set>

#include "tests/support/program.hpp"
#include "transport/http/routes.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;
namespace http = transport::http;

const char* const kScripts = COUNTERSIGN_SOURCE "/tests/interop/openapi";
const fs::path kInstalled = fs::path(COUNTERSIGN_SOURCE) / "build" / "openapi";

// What a description of the calls says: valid, resolved, and a line a call.
struct Description {
  Description() {
    const ProgramRun installed =
        run_program({COUNTERSIGN_SOURCE "/tests/interop/npm_install", kScripts, kInstalled.string()}, {}, {});
    if (installed.exit_code != 0) throw std::runtime_error(installed.error + installed.output);
    const ProgramRun read = run_program({"node", (kInstalled / "describe.mjs").string(),
                                         COUNTERSIGN_SOURCE "/docs/protocol/openapi.yaml", resolved().string()},
                                        {}, {});
    if (read.exit_code != 0) throw std::runtime_error("openapi.yaml is not valid: " + read.error);
    calls = read.output;
  }
  fs::path resolved() const { return folder.path() / "openapi.json"; }

  ScratchFolder folder;
  std::string calls;
};

std::string in_lower_case(std::string_view method) {
  std::string out(method);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// All but the pages, which are for people.
std::vector<const http::Route*> calls_for_programs() {
  std::vector<const http::Route*> calls;
  for (const http::Route& route : http::routes()) {
    if (route.presentation != http::Presentation::page) calls.push_back(&route);
  }
  return calls;
}

// As describe.mjs writes a call.
std::string line_of(const http::Route& route) {
  const std::string method = route.method == "*" ? "get" : in_lower_case(route.method);
  const bool takes_body = route.bodies == http::Bodies::message || route.bodies == http::Bodies::form;
  return method + " " + std::string(route.path) + " " + std::string(route.operation) +
         (route.row().guard == transport::Guard::bearer ? " bearer" : " open") + (takes_body ? " body" : " -");
}

// Calls of a server, each kept as what was described, sent and answered.
class Exchanges {
 public:
  explicit Exchanges(const RunningServer& server) : server_(server) {}

  struct Call {
    std::string method;
    std::string path;          // as it is described
    std::string type = "";     // of what is sent
    std::string sent = "";     // empty: nothing
    std::string headers = "";  // more of them
    std::string at = "";       // where the path has a variable
  };

  WireReply make(const Call& call, int status) {
    const std::string& path = call.at.empty() ? call.path : call.at;
    const std::string headers = call.headers + (call.type.empty() ? "" : "Content-Type: " + call.type + "\r\n");
    WireReply reply = call.method == "get"      ? server_.get(path, headers)
                      : call.method == "delete" ? server_.remove(path, headers)
                                                : server_.post(path, call.sent, headers);
    INFO(call.method + " " + path + "\n" + reply.body);
    CHECK(reply.status == status);
    Json received = Json::object();
    for (const auto& [name, value] : reply.headers) received.set(name, value);
    all_.push(Json::object()
                  .set("method", call.method)
                  .set("path", call.path)
                  .set("sent_type", call.type)
                  .set("sent", call.sent)
                  .set("status", reply.status)
                  .set("type", reply.header("content-type"))
                  .set("body", reply.body)
                  .set("headers", std::move(received)));
    if (reply.status < 300) done_.insert(call.method + " " + call.path);
    return reply;
  }

  // Of a page that began a login, the attempt.
  std::string begin_at_page(const std::string& username) const {
    const std::string page =
        server_
            .post("/login", "username=" + username,
                  "Origin: " + std::string(kServerName) + "\r\nContent-Type: application/x-www-form-urlencoded\r\n")
            .body;
    const std::string before = "name=\"attempt\" value=\"";
    const std::size_t begin = page.find(before) + before.size();
    return page.substr(begin, page.find('"', begin) - begin);
  }

  WireReply get(const std::string& path, int status, const std::string& token = "") {
    return make({"get", path, "", "", bearer(token)}, status);
  }
  WireReply remove(const std::string& path, int status, const std::string& token, const std::string& at = "") {
    return make({"delete", path, "", "", bearer(token), at}, status);
  }
  WireReply text(const std::string& path, int status, const std::string& sent, const std::string& headers = "") {
    return make({"post", path, "text/plain", sent, headers}, status);
  }
  WireReply json(const std::string& path, int status, const Json& sent, const std::string& headers = "") {
    return make({"post", path, "application/json", write_json(sent), headers}, status);
  }
  WireReply form(const std::string& path, int status, const std::string& sent) {
    return make({"post", path, "application/x-www-form-urlencoded", sent}, status);
  }

  static std::string bearer(const std::string& token) {
    return token.empty() ? "" : "Authorization: Bearer " + token + "\r\n";
  }
  const Json& all() const { return all_; }
  const std::set<std::string>& done() const { return done_; }

 private:
  const RunningServer& server_;
  Json all_ = Json::array();
  std::set<std::string> done_;
};

std::string token_in(const WireReply& opened) {
  return field(json_of(opened.body), "token");
}

// A browser asks for a login, and a terminal that has the key signs it.
void log_in_a_browser(Exchanges& calls, GnupgUser& alice) {
  for (const std::string accept : {"", "Accept: application/json\r\n"}) {
    const std::string attempt = calls.begin_at_page("alice");
    const std::string path = "/login/challenge/{attempt}";
    const std::string at = "/login/challenge/" + attempt;
    const std::string shown = calls.make({"get", path, "", "", accept, at}, 200).body;
    const std::string challenge = accept.empty() ? shown : field(json_of(shown), "challenge_message");
    const std::string code = calls.text("/login/code", 200, alice.answer(challenge), accept).body;
    CHECK((accept.empty() ? code.substr(0, code.find('\n')) : field(json_of(code), "code")).size() == 8);
    calls.text("/login/code", 401, alice.answer(challenge), accept);
  }
  calls.make({"get", "/login/challenge/{attempt}", "", "", "", "/login/challenge/AAAA"}, 401);
}

// A person with a key: enrols, logs in by each form, looks at sessions and ends them, goes over to another key.
void live_by_key(Exchanges& calls, const Installation& installation) {
  GnupgUser alice("Alice");
  const std::string next = alice.home.make_key("ed25519", "Alice next");
  const auto challenge = [&](const Json& fields) {
    return calls.json("/v1/challenge", 200, Json(fields).set("username", "alice")).body;
  };
  const Json enrolment = json_of(
      calls
          .json("/v1/challenge", 200,
                Json::object().set("username", "alice").set("purpose", "enrol").set("public_key", alice.certificate()),
                "Accept: application/json\r\n")
          .body);
  calls.text("/v1/accounts", 201, alice.answer(field(enrolment, "challenge_message")) + alice.certificate());

  const std::string first =
      token_in(calls.text("/v1/session", 201, alice.answer(calls.form("/v1/challenge", 200, "username=alice").body)));
  const std::string second =
      token_in(calls.json("/v1/session", 201, json_of(alice.answer_detached(challenge(Json::object())))));
  log_in_a_browser(calls, alice);
  calls.get("/v1/session", 200, first);
  calls.get("/v1/authz", 200, first);
  calls.get("/v1/forward", 200, first);
  installation.must(
      {"account", "set", "alice", "--groups", "staff,ops", "--email", "alice@example.org", "--name", "Alice"});
  calls.get("/v1/session", 200, first);
  for (const std::string path : {"/v1/authz/", "/v1/forward/"}) {
    const auto ask = [&](const std::string& groups, int status) {
      calls.make({"get", path + "{groups}", "", "", Exchanges::bearer(first), path + groups}, status);
    };
    ask("ops,others", 200);
    ask("others", 403);
  }
  const Json listed = json_of(calls.get("/v1/sessions", 200, first).body);
  for (const Json& one : *listed.find("sessions")->items()) {
    if (*one.find("current")->boolean()) continue;
    calls.remove("/v1/sessions/{session}", 204, first, "/v1/sessions/" + field(one, "session"));
  }
  calls.get("/v1/session", 401, second);
  const std::string fresh =
      token_in(calls.make({"post", "/v1/session/refresh", "", "", Exchanges::bearer(first)}, 200));
  calls.remove("/v1/session", 204, fresh);
  const std::string last =
      token_in(calls.json("/v1/session", 201, Json::object().set("response", alice.answer(challenge(Json::object())))));
  calls.remove("/v1/sessions", 204, last);
  calls.json("/v1/session", 201,
             Json::object().set("response", alice.answer(challenge(Json::object().set("transport", "courier")))));

  const std::string statement = alice.open(
      challenge(Json::object().set("purpose", "rotate").set("new_public_key", alice.home.export_public(next))));
  calls.text("/v1/rotation", 200,
             alice.home.clearsign(alice.key, statement) + alice.home.clearsign(next, statement) +
                 alice.home.export_public(next));
  calls.text("/v1/revocation", 200,
             alice.home.clearsign(
                 next, alice.open(challenge(Json::object().set("purpose", "revoke").set("reason", "key_retired")))));
}

// A person with a password and a key that the server made.
void live_by_password(Exchanges& calls) {
  const auto mina = [](const std::string& password) {
    return Json::object().set("username", "mina").set("password", password);
  };
  calls.json("/v1/accounts", 201, mina("one").set("managed", true).set("escrow", true));
  calls.json("/v1/accounts", 409, mina("one").set("managed", true));
  calls.json("/v1/session", 201, mina("one"));
  calls.json("/v1/key", 200, mina("one"));
  calls.json("/v1/rotation", 200, mina("one").set("new_password", "two"));
  calls.json("/v1/password", 401, mina("one").set("new_password", "three"));
  calls.json("/v1/revocation", 200, mina("two").set("reason", "no_longer_valid").set("note", "left"));
  GnupgUser anna("Anna");
  const std::string challenge =
      calls
          .json("/v1/challenge", 200,
                Json::object().set("username", "anna").set("purpose", "enrol").set("public_key", anna.certificate()))
          .body;
  calls.json("/v1/accounts", 201,
             Json::object()
                 .set("response", anna.answer(challenge))
                 .set("public_key", anna.certificate())
                 .set("password", "one"));
  calls.json("/v1/password", 204,
             Json::object().set("username", "anna").set("password", "one").set("new_password", "two"));
}

// A person who was invited, and one who comes with what is no invite.
void live_by_invite(Exchanges& calls, const Installation& installation) {
  GnupgUser bob("Bob");
  const Json made = installation.json({"invite", "new", "bob", "--url", "http://127.0.0.1"});
  const std::string secret = field(json_of(field(made, "text")), "invite");
  const Json asked = Json::object().set("username", "bob").set("purpose", "enrol").set("public_key", bob.certificate());
  calls.json("/v1/challenge", 401, Json(asked).set("invite", "ci_none"));
  const std::string challenge = calls.json("/v1/challenge", 200, Json(asked).set("invite", secret)).body;
  const Json response =
      Json::object().set("response", bob.answer(challenge)).set("public_key", bob.certificate()).set("invite", secret);
  calls.json("/v1/accounts", 201, response);
  calls.json("/v1/accounts", 401, response);
}

void be_refused(Exchanges& calls) {
  calls.get("/v1/session", 401);
  calls.get("/v1/authz", 401, "cs_of_nobody");
  calls.get("/v1/server", 431, std::string(20'000, 'x'));
  calls.text("/v1/session", 415, "no response");
  calls.json("/v1/challenge", 400, Json::object().set("username", "alice").set("purpose", "nothing"));
  calls.form("/v1/session", 415, "username=alice");
  calls.json("/v1/session", 401, Json::object().set("username", "nobody").set("password", "nothing"));
}

}  // namespace

TEST_CASE("the OpenAPI description is valid and describes the calls that there are") {
  const Description description;
  std::set<std::string> described;
  std::istringstream lines(description.calls);
  for (std::string line; std::getline(lines, line);) described.insert(line);
  std::set<std::string> routes;
  for (const http::Route* route : calls_for_programs()) routes.insert(line_of(*route));
  CHECK(described == routes);
}

TEST_CASE("a server answers every call as the OpenAPI description says, to the last member") {
  const Description description;
  const Installation installation;
  write_file(installation.data() / "countersign.toml",
             "registration = \"open\"\npages = \"on\"\n" + read_file(installation.data() / "countersign.toml"));
  const RunningServer server(installation, {}, {"COUNTERSIGN_PASSWORD_MEMORY_MIB=8", "COUNTERSIGN_PASSWORD_PASSES=1"});
  Exchanges calls(server);
  for (const char* path : {"/healthz", "/readyz", "/v1/server"}) calls.get(path, 200);
  live_by_key(calls, installation);
  live_by_password(calls);
  live_by_invite(calls, installation);
  be_refused(calls);

  const ProgramRun judged = run_program({"node", (kInstalled / "judge.mjs").string(), description.resolved().string()},
                                        write_json(calls.all()), {});
  INFO(judged.output << judged.error);
  CHECK(judged.exit_code == 0);
  for (const http::Route* route : calls_for_programs()) {
    const std::string line = line_of(*route);
    CAPTURE(line);
    CHECK(calls.done().count(line.substr(0, line.find(' ', line.find(' ') + 1))) == 1);
  }
  std::cout << "held against the description: " << calls.all().items()->size() << " exchanges\n";
}

TEST_CASE("an answer that is otherwise than described is noticed") {
  const Description description;
  const auto faults = [&](const Json& exchange) {
    Json all = Json::array();
    all.push(exchange);
    return run_program({"node", (kInstalled / "judge.mjs").string(), description.resolved().string()}, write_json(all),
                       {})
        .output;
  };
  const auto exchange = [](const std::string& path, int status, const std::string& body) {
    return Json::object()
        .set("method", "get")
        .set("path", path)
        .set("sent_type", "")
        .set("sent", "")
        .set("status", status)
        .set("type", "application/json")
        .set("body", body)
        .set("headers", Json::object());
  };
  CHECK(faults(exchange("/healthz", 200, R"({"status":"ok"})")).empty());
  CHECK(faults(exchange("/healthz", 200, R"({"status":"ill"})")).find("must be equal to constant") !=
        std::string::npos);
  CHECK(faults(exchange("/healthz", 200, R"({"status":"ok","more":1})")).find("unevaluated") != std::string::npos);
  CHECK(faults(exchange("/healthz", 200, "{}")).find("must have required property") != std::string::npos);
  CHECK(faults(exchange("/nowhere", 200, "{}")).find("is not described") != std::string::npos);
  CHECK(faults(exchange("/healthz", 503, "{}")).find("has the type") != std::string::npos);
  CHECK(faults(exchange("/v1/authz", 200, "")).find("has no header Remote-User") != std::string::npos);
}
