// Real proxies with the configurations of docs/operating/proxy.md: in front of the real program, and guarding an
// application by /v1/authz or /v1/forward.
#include <signal.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/http_wire.hpp"
#include "tests/support/media.hpp"
#include "tests/support/program.hpp"
#include "tests/support/proxied_site.hpp"
#include "tests/support/proxy.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

const std::string kAuth = "auth.example.org";
const std::string kApp = "app.example.org";
// Of a client whom nothing here trusts.
const std::string kClient = "127.0.0.5";
constexpr const char* kHaproxy = "/usr/sbin/haproxy";
constexpr const char* kApache = "/usr/sbin/apache2";

// The server, with pages, and what stands around a proxy before it.
struct Ground : ProxiedSite {
  Ground() {
    installation.must({"account", "add", "alice", "--managed", "--password-file", "-"}, "correct horse\n");
    installation.must({"account", "set", "alice", "--groups", "staff,ops", "--email", "alice+x@example.org", "--name",
                       "Zo\xc3\xab, \"Z\" Liddell"});
    installation.set("pages", "on");
    installation.set("cookie_domain", "example.org");
    installation.set("password_login", "on");
    server.emplace(installation, std::vector<std::string>{"--trusted-proxy", "127.0.0.1/32"});
    upstream = "127.0.0.1:" + std::to_string(server->port());
  }

  Installation installation;
  std::optional<RunningServer> server;
};

Wire to(const Ground& ground, const std::string& host) {
  Wire wire(ground.port.number(), kClient);
  REQUIRE(wire.connected());
  REQUIRE(wire.secure(host));
  return wire;
}

std::string request(const std::string& host, const std::string& method, const std::string& target,
                    const std::string& headers, const std::string& body = {}) {
  std::string out = method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers;
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + body;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The token of a login by password.
std::string log_in(const Ground& ground) {
  Wire wire = to(ground, kAuth);
  const Json proof = Json::object().set("username", "alice").set("password", "correct horse");
  REQUIRE(wire.send(request(kAuth, "POST", "/v1/session", "Content-Type: application/json\r\n", write_json(proof))));
  const WireReply reply = wire.reply();
  INFO(reply.head << reply.body);
  REQUIRE(reply.status == 201);
  return field(json_of(reply.body), "token");
}

// What a stranger writes to be somebody else, or to come from elsewhere.
const std::string kForged =
    "Remote-User: root\r\nRemote_User: root\r\nremote_account: root\r\nRemote-Key_Fingerprint: root\r\n"
    "Remote-Key-Fingerprint: root\r\nREMOTE_SESSION: root\r\nRemote.User: root\r\nRemote-Groups: "
    "root\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.6.6.6\r\n";

void check_calls(const Ground& ground, const std::string& bearer) {
  Wire wire = to(ground, kAuth);
  const auto status = [&](const std::string& method, const std::string& headers) {
    REQUIRE(wire.send(request(kAuth, method, "/v1/session", headers)));
    return wire.reply(method == "HEAD").status;
  };
  CHECK(status("GET", bearer) == 200);
  CHECK(status("HEAD", bearer) == 200);
  CHECK(status("GET", kForged + "Authorization: Bearer cs_none\r\n") == 401);
  CHECK(status("GET", kForged + "Authorization: Bearer cs_none\r\nConnection: keep-alive, X-Forwarded-For\r\n") == 401);
}

void check_application(Ground& ground, const std::string& token, std::size_t head_bytes) {
  Wire wire = to(ground, kApp);
  const auto ask = [&](const std::string& method, const std::string& target, const std::string& headers,
                       const std::string& body = {}) {
    INFO(method << " " << target);
    REQUIRE(wire.send(request(kApp, method, target, headers, body)));
    WireReply reply = wire.reply(method == "HEAD");
    CHECK_FALSE(holds(reply.body, token));
    return reply;
  };
  // As the application may trust it: said once, and by us alone.
  const auto check_user = [&](const WireReply& reply) {
    INFO(reply.head << reply.body);
    REQUIRE(reply.status == 200);
    const std::string seen = lower(reply.body);
    CHECK(holds(seen, "\r\nremote-user: alice\r\n"));
    CHECK(holds(seen, "\r\nremote-account: "));
    CHECK(holds(seen, "\r\nremote-session: "));
    CHECK(holds(seen, "\r\nremote-groups: staff,ops\r\n"));
    CHECK(holds(seen, "\r\nremote-email: alice+x@example.org\r\n"));
    CHECK(holds(seen, "\r\nremote-name: zo%c3%ab%2c %22z%22 liddell\r\n"));
    CHECK(holds(seen, "\r\nx-forwarded-for: " + kClient + "\r\n"));
    for (const char* never : {"root", "6.6.6.6", "\r\nauthorization:", "remote_"}) {
      INFO(never);
      CHECK_FALSE(holds(seen, never));
    }
  };
  const std::string bearer = "Authorization: Bearer " + token + "\r\n";
  check_user(ask("GET", "/page", bearer));
  check_user(ask("GET", "/page", kForged + bearer));
  const WireReply queried = ask("GET", "/page?a=b%20c&token=cs_none", bearer);
  check_user(queried);
  CHECK(holds(queried.body, "GET /page?a=b%20c&token=cs_none HTTP/1"));
  for (const char* method : {"POST", "PUT"}) {
    const WireReply posted = ask(method, "/page?x", bearer + "Content-Type: text/plain\r\n", "hello=world");
    check_user(posted);
    CHECK(holds(posted.body, "hello=world"));
  }
  CHECK(ask("HEAD", "/page", bearer).status == 200);

  const WireReply none = ask("GET", "/page?a=b", "");
  CHECK(none.status == 401);
  CHECK(none.header("www-authenticate") == "Bearer realm=\"countersign\"");
  CHECK(ask("HEAD", "/page", "").status == 401);
  CHECK(ask("GET", "/page?token=" + token, "").status == 401);
  CHECK(ask("GET", "/page", kForged).status == 401);
  CHECK(ask("GET", "/page", kForged + "Authorization: Bearer cs_none\r\n").status == 401);

  const std::string third(head_bytes / 3, 'c');
  const std::string cookies = "Cookie: " + third + "\r\nX-B: " + third + "\r\nX-C: " + third + "\r\n";
  check_user(ask("GET", "/page", cookies + bearer));
  CHECK(ask("GET", "/page", cookies).status == 401);

  // Who leaves the group is out at the next request, and told that it is no question of logging in.
  ground.installation.must({"account", "set", "alice", "--groups", "ops"});
  const WireReply outside = ask("GET", "/page?groups=ops", bearer);
  CHECK(outside.status == 403);
  CHECK_FALSE(holds(outside.body, "GET /page"));
  CHECK(ask("GET", "/page", kForged + "Remote-Groups: staff\r\n" + bearer).status == 403);
  ground.installation.must({"account", "set", "alice", "--groups", "staff,ops"});
  check_user(ask("GET", "/page", bearer));

  // A header that Connection names is for the proxy alone: ours must not be lost by it and the page shown to nobody.
  const WireReply hops = ask("GET", "/page", bearer + "Connection: keep-alive, X-Forwarded-For, Remote-User\r\n");
  if (hops.status == 200) {
    check_user(hops);
  } else {
    CHECK(hops.status == 400);
  }
  // The refused ones last: a proxy may close behind them.
  Wire refused = to(ground, kApp);
  REQUIRE(refused.send(request(kApp, "POST", "/page", "Authorization: Bearer cs_none\r\n", "hello=world")));
  CHECK(refused.reply().status == 401);
}

// A person with a browser: sent to log in, let in with the cookie, which the application does not see.
void check_browser(const Ground& ground) {
  const std::string page = "Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Mode: navigate\r\n";
  Wire opening = to(ground, kApp);
  REQUIRE(opening.send(request(kApp, "GET", "/page?a=b&c=d", page)));
  const WireReply sent = opening.reply();
  INFO(sent.head << sent.body);
  CHECK(sent.status == 302);
  const std::string location = sent.header("location");
  REQUIRE(location.starts_with("https://" + kAuth + "/login?return=https"));

  Wire logging_in = to(ground, kAuth);
  REQUIRE(logging_in.send(request(kAuth, "GET", location.substr(location.find("/login")), page)));
  const WireReply form = logging_in.reply();
  CHECK(form.status == 200);
  CHECK(holds(form.body, "value=\"https://app.example.org/page?a=b&amp;c=d\""));
  const std::string own = page + "Origin: https://" + kAuth + "\r\nContent-Type: application/x-www-form-urlencoded\r\n";
  REQUIRE(logging_in.send(request(kAuth, "POST", "/login/password", own,
                                  "username=alice&password=correct+horse&return=https://app.example.org/page")));
  const WireReply done = logging_in.reply();
  INFO(done.head << done.body);
  REQUIRE(done.status == 303);
  CHECK(done.header("location") == "https://app.example.org/page");
  const std::string set = done.head.substr(done.head.find("__Secure-countersign="));
  const std::string cookie = set.substr(0, set.find(';'));

  for (const std::string& cookies :
       {cookie, "one=1; " + cookie, cookie + "; two=2", "one=1; " + cookie + "; two=2; x=__Secure-countersign"}) {
    INFO(cookies);
    Wire wire = to(ground, kApp);
    REQUIRE(wire.send(request(kApp, "GET", "/page", page + "Cookie: " + cookies + "\r\n")));
    const WireReply seen = wire.reply();
    INFO(seen.head << seen.body);
    CHECK(seen.status == 200);
    CHECK(holds(lower(seen.body), "\r\nremote-user: alice\r\n"));
    CHECK_FALSE(holds(seen.body, cookie.substr(cookie.find('=') + 1)));
    CHECK(holds(seen.body, "one=1") == holds(cookies, "one=1"));
    CHECK(holds(seen.body, "two=2") == holds(cookies, "two=2"));
  }
}

// With a head of so many bytes, where the proxy itself takes that.
void check(Ground& ground, std::size_t head_bytes) {
  const std::string token = log_in(ground);
  check_calls(ground, "Authorization: Bearer " + token + "\r\n");
  check_application(ground, token, head_bytes);
  check_browser(ground);
  CHECK(ground.server->stop(SIGTERM) == 0);
  const std::string log = ground.server->log();
  INFO(log);
  CHECK(holds(log, " refused code=malformed_token source=" + kClient + " operation=session.show"));
  for (const char* never : {" alarm ", "source=127.0.0.1", "6.6.6.6", "cs_", "query string"}) {
    INFO(never);
    CHECK_FALSE(holds(log, never));
  }
}

bool installed(const char* program) {
  if (access(program, X_OK) == 0) return true;
  WARN(program << " is not installed: not shown here");
  return false;
}

}  // namespace

TEST_CASE("S70 nginx as its page has it guards the server's calls and an application") {
  if (!installed(kNginx)) return;
  Ground ground;
  const auto nginx = ground.start_nginx();
  check(ground, 20 * 1024);
}

TEST_CASE("S70 Caddy as its page has it guards the server's calls and an application") {
  if (!installed(kCaddy)) return;
  Ground ground;
  const auto caddy = ground.start_caddy();
  check(ground, 20 * 1024);
}

TEST_CASE("S70 HAProxy as its page has it guards the server's calls and an application") {
  if (!installed(kHaproxy)) return;
  Ground ground;
  write_file(ground.path("authz.lua"), ground.configuration("## HAProxy", "lua", {}));
  write_file(ground.path("haproxy.cfg"),
             ground.configuration("## HAProxy", "haproxy",
                                  {{"bind :443 ssl", "bind " + ground.listens() + " ssl"},
                                   {"/etc/ssl/example.org-with-key.pem", ground.path("both.pem")},
                                   {"/etc/haproxy/authz.lua", ground.path("authz.lua")}}));
  Proxy haproxy({kHaproxy, "-db", "-f", ground.path("haproxy.cfg")}, ground.path("log"));
  haproxy.wait_for(ground.port.number());
  check(ground, 12 * 1024);
}

TEST_CASE("S70 Apache as its page has it guards the server's calls and an application") {
  if (!installed(kApache)) return;
  Ground ground;
  const std::string modules = "/usr/lib/apache2/modules/mod_";
  std::string text = "ServerName localhost\nListen " + ground.listens() + "\nPidFile " + ground.path("pid") +
                     "\nErrorLog " + ground.path("errors") + "\nDefaultRuntimeDir " + ground.path("") +
                     "\nUser www-data\nGroup www-data\n";
  for (const char* name :
       {"mpm_event", "authz_core", "socache_shmcb", "ssl", "headers", "proxy", "proxy_http", "lua"}) {
    text += std::string("LoadModule ") + name + "_module " + modules + name + ".so\n";
  }
  write_file(ground.path("authz.lua"), ground.configuration("## Apache", "lua", {}));
  write_file(ground.path("apache.conf"),
             text + ground.configuration("## Apache", "apache",
                                         {{"*:443", ground.listens()},
                                          {"/etc/ssl/example.org.pem", ground.path("site.pem")},
                                          {"/etc/ssl/example.org.key", ground.path("site.key")},
                                          {"/etc/apache2/authz.lua", ground.path("authz.lua")}}));
  Proxy apache({kApache, "-D", "FOREGROUND", "-f", ground.path("apache.conf")}, ground.path("log"));
  apache.wait_for(ground.port.number());
  check(ground, 20 * 1024);
}

TEST_CASE("S70 what a proxy leaves unsaid about a source is told with the proxy and what to set") {
  const Installation installation;
  const auto ask_from_here = [](const RunningServer& server, const std::string& headers) {
    for (int i = 0; i < 3; ++i) CHECK(server.get("/v1/authz?token=cs_secret", headers).status == 401);
  };
  const auto count = [](const std::string& log, const std::string& part) {
    int found = 0;
    for (std::size_t at = log.find(part); at != std::string::npos; at = log.find(part, at + 1)) ++found;
    return found;
  };
  {
    RunningServer server(installation, {"--trusted-proxy", "127.0.0.1/32"});
    ask_from_here(server, "");
    ask_from_here(server, "Forwarded: for=192.0.2.60\r\n");
    ask_from_here(server, "X-Forwarded-For: unknown\r\n");
    CHECK(server.get("/readyz").status == 200);
    CHECK(server.stop(SIGTERM) == 0);
    const std::string log = server.log();
    INFO(log);
    // The first at once; at the end, as once a minute, how many more.
    CHECK(count(log, "alarm source unsaid problem=\"no header\" proxy=127.0.0.1 detail=\"set X-Forwarded-For ") == 2);
    CHECK(count(log,
                "alarm source unsaid problem=\"no address\" proxy=127.0.0.1 detail=\"the proxy's X-Forwarded-For ") ==
          2);
    CHECK(holds(log, " count=5\n"));
    CHECK(holds(log, " count=2\n"));
    CHECK_FALSE(holds(log, "cs_"));
  }
  {
    RunningServer server(installation, {"--trusted-proxy", "127.0.0.1/32"}, {"COUNTERSIGN_FORWARDED_HEADER=forwarded"});
    ask_from_here(server, "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=192.0.2.60\r\n");
    CHECK(server.stop(SIGTERM) == 0);
    const std::string log = server.log();
    INFO(log);
    CHECK(holds(log, "source=192.0.2.60 operation=session.authz"));
    CHECK_FALSE(holds(log, "6.6.6.6"));
    CHECK_FALSE(holds(log, " alarm "));
  }
  RunningServer server(installation);
  ask_from_here(server, "");
  ask_from_here(server, "X-Forwarded-For: 192.0.2.60\r\n");
  CHECK(server.stop(SIGTERM) == 0);
  const std::string log = server.log();
  INFO(log);
  CHECK(count(log, "warning proxy not trusted proxy=127.0.0.1 ") == 1);
  CHECK(holds(log, "name it in trusted_proxies"));
}
