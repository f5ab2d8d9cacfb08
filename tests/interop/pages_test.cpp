// A person logs in at the pages of a running server with their GnuPG, as a browser behind a proxy sends it.
#include <signal.h>

#include <catch2/catch.hpp>

#include "storage/base/percent.hpp"
#include "tests/support/media.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

const std::string kOwn = "Origin: https://auth.example.org\r\nSec-Fetch-Site: same-origin\r\n";

std::string between(const std::string& text, const std::string& before, const std::string& behind) {
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return "";
  const std::size_t end = text.find(behind, begin + before.size());
  return text.substr(begin + before.size(), end - begin - before.size());
}

std::string hidden(const WireReply& page, const std::string& name) {
  return between(page.body, "name=\"" + name + "\" value=\"", "\"");
}

std::string encoded(const std::string& text) {
  return percent_encode(text, "");
}

// NAME=VALUE of a Set-Cookie.
std::string cookie_in(const WireReply& reply, const std::string& name) {
  const std::string value = between(reply.head, name + "=", ";");
  return value.empty() ? "" : name + "=" + value;
}

WireReply post_form(const RunningServer& server, const std::string& path, const std::string& form,
                    const std::string& headers) {
  return server.post(path, form, "Content-Type: application/x-www-form-urlencoded\r\n" + headers);
}

// A proxy's question about a page that somebody opens.
std::string opening(const std::string& uri) {
  return "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n"
         "X-Forwarded-Host: app.example.org\r\nX-Forwarded-Uri: " +
         uri + "\r\nAccept: text/html\r\n";
}

struct World {
  World() {
    installation.add_account("alice", alice.certificate());
    installation.set("pages", "on");
    installation.set("cookie_domain", "example.org");
  }
  Installation installation;
  GnupgUser alice{"Alice"};
};

}  // namespace

TEST_CASE("S62 a browser that is sent to log in comes back with a cookie that opens what a proxy guards, and no call") {
  World world;
  const RunningServer server(world.installation, {"--trusted-proxy", "127.0.0.1/32"});
  const WireReply sent = server.get("/v1/forward?x=y", opening("/a?b=c"));
  CHECK(sent.status == 302);
  const std::string login = sent.header("location");
  REQUIRE(login == "https://auth.example.org/login?return=https%3A%2F%2Fapp.example.org%2Fa%3Fb%3Dc");
  // What a script asks for, what is posted, and what nobody vouches for is not sent away.
  CHECK(server.get("/v1/forward", opening("/") + "Sec-Fetch-Mode: cors\r\n").status == 401);
  CHECK(server.get("/v1/forward", "X-Forwarded-For: 192.0.2.9\r\nAccept: text/html\r\n").status == 401);
  CHECK(server.get("/v1/authz", opening("/")).status == 401);

  const WireReply form = server.get(login.substr(login.find("/login")));
  CHECK(form.status == 200);
  CHECK(form.header("content-type") == "text/html; charset=utf-8");
  CHECK(form.header("content-security-policy").find("default-src 'none'") == 0);
  CHECK(form.header("referrer-policy") == "same-origin");
  CHECK(form.header("cache-control") == "no-store");
  const std::string fields = "username=alice&return=" + encoded(hidden(form, "return"));
  CHECK(post_form(server, "/login", fields, "").status == 403);
  const WireReply begun = post_form(server, "/login", fields, kOwn);
  REQUIRE(begun.status == 200);
  const std::string attempt = cookie_in(begun, "__Host-countersign-attempt");
  REQUIRE_FALSE(attempt.empty());

  const std::string challenge = between(begun.body, "spellcheck=\"false\">\n", "</textarea>");
  const std::string answer = "attempt=" + hidden(begun, "attempt") + "&return=" + encoded(hidden(begun, "return")) +
                             "&response=" + encoded(world.alice.answer(challenge));
  CHECK(post_form(server, "/login/answer", answer, kOwn).status == 401);
  const WireReply done = post_form(server, "/login/answer", answer, kOwn + "Cookie: a=b; " + attempt + "\r\n");
  INFO(done.head << done.body);
  REQUIRE(done.status == 303);
  CHECK(done.header("location") == "https://app.example.org/a?b=c");
  const std::string session = cookie_in(done, "__Secure-countersign");
  const std::string cookie = "Cookie: x=y\r\nCookie: " + session + "\r\n";
  CHECK(done.head.find("; HttpOnly; SameSite=Lax; Secure; Domain=example.org\r\n") != std::string::npos);

  const WireReply authz = server.get("/v1/authz", cookie);
  CHECK(authz.status == 200);
  CHECK(authz.header("remote-user") == "alice");
  CHECK(server.get("/v1/forward", cookie + opening("/")).status == 200);
  CHECK(server.get("/v1/authz/staff", cookie).status == 403);
  const WireReply outside = server.get("/v1/forward/staff", cookie + opening("/"));
  CHECK(outside.status == 403);
  CHECK(outside.body.find("in none of the groups") != std::string::npos);
  world.installation.must({"account", "set", "alice", "--groups", "staff"});
  CHECK(server.get("/v1/forward/staff", cookie + opening("/")).header("remote-groups") == "staff");
  // Of any other call a cookie opens nothing: another site's page could send it.
  for (const char* call : {"/v1/session", "/v1/sessions"}) CHECK(server.get(call, cookie).status == 401);
  CHECK(server.remove("/v1/session", cookie).status == 401);
  CHECK(server.session_status(session.substr(session.find('=') + 1)) == 200);

  const WireReply account = server.get("/account", cookie);
  CHECK(account.status == 200);
  CHECK(account.body.find("<dd>alice</dd>") != std::string::npos);
  const std::string token = "token=" + hidden(account, "token");
  CHECK(post_form(server, "/logout", token, cookie + "Origin: https://evil.org\r\n").status == 403);
  const WireReply out = post_form(server, "/logout", token, kOwn + cookie);
  CHECK(out.status == 303);
  CHECK(out.header("set-cookie").find("__Secure-countersign=; Path=/; Max-Age=0;") == 0);
  CHECK(server.get("/v1/authz", cookie).status == 401);
  CHECK(server.get("/account", cookie).header("location") == "/login");
}

TEST_CASE("S78 a form that is refused for where it comes from is in the log, and its page names the server") {
  World world;
  RunningServer server(world.installation);
  const WireReply refused = post_form(server, "/login", "username=alice", "Origin: http://localhost:8420\r\n");
  CHECK(refused.status == 403);
  CHECK(refused.body.find("https://auth.example.org") != std::string::npos);
  CHECK(server.stop(SIGTERM) == 0);
  INFO(server.log());
  CHECK(server.log().find(" warning form refused server=https://auth.example.org source=127.0.0.1 "
                          "origin=http://localhost:8420") != std::string::npos);
}

TEST_CASE("a browser at an address where nothing is gets a page, and a program a document") {
  World world;
  const RunningServer server(world.installation);
  const WireReply page = server.get("/logins", "Accept: text/html,*/*;q=0.8\r\n");
  CHECK(page.status == 404);
  CHECK(page.header("content-security-policy").find("default-src 'none'") != std::string::npos);
  CHECK(page.body.find("There is no such page.") != std::string::npos);
  const WireReply document = server.get("/logins", "Accept: */*\r\n");
  CHECK(document.status == 404);
  CHECK(document.header("content-type") == "application/problem+json");
}

TEST_CASE("without pages there are none, and a cookie opens nothing") {
  const Installation installation;
  const RunningServer server(installation, {"--trusted-proxy", "127.0.0.1/32"});
  for (const char* path : {"/", "/login", "/login?return=/x", "/account", "/style.css"}) {
    CAPTURE(path);
    const WireReply none = server.get(path, "Accept: text/html\r\n");
    CHECK(none.status == 404);
    CHECK(none.header("content-type") == "application/problem+json");
  }
  CHECK(post_form(server, "/login", "username=alice", kOwn).status == 404);
  CHECK(server.get("/v1/forward", opening("/")).status == 401);
}

TEST_CASE("pages need a server whose name is a URL, and a cookie domain it is in") {
  const Installation unnamed("sqlite", "auth.example.org");
  unnamed.set("pages", "on");
  const ProgramRun refused = refused_start(unnamed);
  CHECK(refused.exit_code != 0);
  CHECK(refused.error.find("pages: ") != std::string::npos);
  const Installation elsewhere;
  elsewhere.set("pages", "on");
  elsewhere.set("cookie_domain", "example.com");
  CHECK(refused_start(elsewhere).error.find("cookie_domain: the server is not in that domain") != std::string::npos);
}
