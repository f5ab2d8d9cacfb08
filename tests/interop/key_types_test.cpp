// Every kind of key that stock gpg 2.2 makes and the policy allows logs in, in every form of response, by HTTP and by
// courier.
#include <signal.h>

#include <catch2/catch.hpp>
#include <functional>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

// A response's body as it is posted: text, or the two members of a detached one.
struct Form {
  const char* name;
  bool detached;
  bool by_courier;  // too: what differs is in the form alone, and a stick takes longer
  std::function<std::string(GnupgHome&, const std::string& signer, const std::string& statement)> sign;
};

std::string detached(const std::string& statement, const std::string& signature) {
  return write_json(Json::object().set("challenge", line_of(statement, "challenge")).set("signature", signature));
}

std::vector<Form> forms() {
  return {
      {"clear-signed", false, true,
       [](GnupgHome& home, const std::string& signer, const std::string& statement) {
         return home.clearsign(signer, statement);
       }},
      {"clear-signed, then CRLF throughout", false, true,
       [](GnupgHome& home, const std::string& signer, const std::string& statement) {
         return with_crlf(home.clearsign(signer, statement));
       }},
      {"clear-signed from a CRLF file", false, false,
       [](GnupgHome& home, const std::string& signer, const std::string& statement) {
         return home.clearsign(signer, with_crlf(statement));
       }},
      {"detached, binary", true, true,
       [](GnupgHome& home, const std::string& signer, const std::string& statement) {
         return detached(statement, home.detach_sign(signer, statement));
       }},
      {"detached, text", true, false,
       [](GnupgHome& home, const std::string& signer, const std::string& statement) {
         return detached(statement, home.detach_sign(signer, statement, {"--textmode"}));
       }},
      {"detached, text, from a CRLF file, armored with CRLF", true, false,
       [](GnupgHome& home, const std::string& signer, const std::string& statement) {
         return detached(statement, with_crlf(home.detach_sign(signer, with_crlf(statement), {"--textmode"})));
       }},
  };
}

WireReply post_response(const RunningServer& server, const Form& form, const std::string& response) {
  return server.post("/v1/session", response,
                     form.detached ? "Content-Type: application/json\r\n" : "Content-Type: text/plain\r\n");
}

void log_in_by_http(const RunningServer& server, GnupgUser& person, const std::string& signer, const Form& form) {
  const WireReply challenge = server.post_form("/v1/challenge", "username=owner");
  REQUIRE(challenge.status == 200);
  const std::string response = form.sign(person.home, signer, person.open(challenge.body));
  const WireReply session = post_response(server, form, response);
  INFO(response << session.body << server.log());
  REQUIRE(session.status == 201);
  const Json opened = json_of(session.body);
  CHECK(field(opened, "username") == "owner");
  CHECK(server.session_status(field(opened, "token")) == 200);
}

// The only challenge on a stick.
fs::path only_file(const fs::path& folder, std::string_view ending) {
  fs::path found;
  for (const fs::path& file : files_beneath(folder)) {
    if (file.filename().string().ends_with(ending)) found = file;
  }
  if (found.empty()) throw std::runtime_error("no " + std::string(ending) + " in " + folder.string());
  return found;
}

// A text goes back by stick. The detached form is JSON, which no stick carries: it comes back over the network, and is
// answered with the same encrypted grant.
void log_in_by_courier(const Installation& installation, const RunningServer& server, GnupgUser& person,
                       const std::string& signer, const Form& form) {
  const ScratchFolder stick;
  installation.must({"courier", "export", "owner", "--to", stick.path().string()});
  const fs::path challenge = only_file(stick.path() / "outbox", ".challenge.asc");
  const std::string response = form.sign(person.home, signer, person.open(read_file(challenge)));
  std::string grant;
  if (form.detached) {
    const WireReply answer = post_response(server, form, response);
    INFO(response << answer.body << server.log());
    REQUIRE(answer.status == 201);
    REQUIRE(json_of(answer.body).members()->size() == 1);
    grant = field(json_of(answer.body), "grant");
  } else {
    write_file(stick.path() / "inbox" / "answer.response.asc", response);
    INFO(response);
    installation.must({"courier", "import", stick.path().string()});
    grant = read_file(stick.path() / "outbox" / "answer.session.asc");
  }
  const std::string token = installation.must(
      {"courier", "open", "--server", installation.server(), "--server-key", installation.fingerprint()}, grant,
      &person.home);
  CHECK(server.session_status(token.substr(0, token.find('\n'))) == 200);
}

void log_in_in_every_way(const std::string& algorithm) {
  GnupgUser person("Owner <owner@example.org>", algorithm);
  const std::string subkey = person.home.add_subkey(person.key, algorithm, "sign");
  const Installation installation;
  installation.add_account("owner", person.certificate());
  const RunningServer server(installation);
  for (const Form& form : forms()) {
    for (const std::string& signer : {person.key + "!", subkey + "!"}) {
      INFO(algorithm << ", " << form.name << ", " << (signer == person.key + "!" ? "primary key" : "subkey"));
      log_in_by_http(server, person, signer, form);
      if (form.by_courier) log_in_by_courier(installation, server, person, signer, form);
    }
  }
}

}  // namespace

TEST_CASE("an Ed25519 key of stock gpg logs in in every form by both carriers") {
  log_in_in_every_way("ed25519");
}
TEST_CASE("an RSA 2048 key of stock gpg logs in in every form by both carriers") {
  log_in_in_every_way("rsa2048");
}
TEST_CASE("an RSA 3072 key of stock gpg logs in in every form by both carriers") {
  log_in_in_every_way("rsa3072");
}
TEST_CASE("an RSA 4096 key of stock gpg logs in in every form by both carriers") {
  log_in_in_every_way("rsa4096");
}
TEST_CASE("a P-256 key of stock gpg logs in in every form by both carriers") {
  log_in_in_every_way("nistp256");
}
TEST_CASE("a P-384 key of stock gpg logs in in every form by both carriers") {
  log_in_in_every_way("nistp384");
}
TEST_CASE("a P-521 key of stock gpg logs in in every form by both carriers") {
  log_in_in_every_way("nistp521");
}
TEST_CASE("a Brainpool P-256 key of stock gpg logs in in every form by both carriers") {
  log_in_in_every_way("brainpoolP256r1");
}

TEST_CASE("one courier response is one session however its bytes came back") {
  GnupgUser person("Owner <owner@example.org>");
  const Installation installation;
  installation.add_account("owner", person.certificate());
  const RunningServer server(installation);
  const ScratchFolder stick;
  installation.must({"courier", "export", "owner", "--to", stick.path().string()});
  const std::string response = person.answer(read_file(only_file(stick.path() / "outbox", ".challenge.asc")));
  const WireReply first = server.post_text("/v1/session", response);
  REQUIRE(first.status == 201);
  write_file(stick.path() / "inbox" / "answer.response.asc", response);
  installation.must({"courier", "import", stick.path().string()});
  CHECK(read_file(stick.path() / "outbox" / "answer.session.asc") == field(json_of(first.body), "grant"));
  CHECK(installation.sessions_of("owner") == 1);
}
