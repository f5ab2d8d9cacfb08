#include "transport/pages/pages.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>

#include "tests/support/house.hpp"
#include "tests/support/openpgp_key.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::pages;

namespace {

const std::string kOrigin = "https://auth.example.org";

// A browser, which keeps the cookies it is given, before the pages of a house.
struct Browser {
  explicit Browser(House& house, std::string_view cookie_domain = "")
      : pages(house.operations(), parse_site(kOrigin, cookie_domain).value()) {}

  PageAnswer ask(Page page, const Json& form = Json::object(), std::string_view query = "") {
    std::string cookies;
    for (const auto& [name, value] : jar) cookies += (cookies.empty() ? "" : "; ") + name + "=" + value;
    PageAnswer answer = pages.answer({page, query, form, cookies, origin, fetch_site, "192.0.2.7"});
    for (const std::string& cookie : answer.cookies) {
      const std::size_t equals = cookie.find('=');
      const std::string name = cookie.substr(0, equals);
      jar[name] = cookie.substr(equals + 1, cookie.find(';') - equals - 1);
      if (jar[name].empty()) jar.erase(name);
    }
    return answer;
  }

  Pages pages;
  std::map<std::string, std::string> jar;
  std::string origin = kOrigin;
  std::string fetch_site = "same-origin";
};

std::string between(const std::string& text, const std::string& before, const std::string& behind) {
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return "";
  const std::size_t end = text.find(behind, begin + before.size());
  return text.substr(begin + before.size(), end - begin - before.size());
}

std::string challenge_in(const PageAnswer& page) {
  return between(page.body, "spellcheck=\"false\">\n", "</textarea>");
}
std::string hidden(const PageAnswer& page, const std::string& name) {
  return between(page.body, "name=\"" + name + "\" value=\"", "\"");
}

Json named(std::string_view username, std::string_view return_to = "") {
  return Json::object().set("username", username).set("return", return_to);
}
Json answered(const PageAnswer& begun, std::string_view response) {
  return Json::object().set("attempt", hidden(begun, "attempt")).set("response", response);
}

// A house at the time of the machine, which dates the signatures of the key.
struct World {
  World() {
    house.clock.set(std::chrono::time_point_cast<Seconds>(std::chrono::system_clock::now()));
    must(house.auth().roles().enrolment.add({"zoe", key.certificate()}, by_hand()));
  }
  PageAnswer log_in(Browser& browser, std::string_view return_to = "") {
    const PageAnswer begun = browser.ask(Page::begin, named("zoe", return_to));
    return browser.ask(Page::answer, answered(begun, key.clear_sign(key.open(challenge_in(begun)))));
  }
  std::size_t sessions() { return must(house.auth().roles().sessions.list(id_of({"zoe", ""}), 100)).size(); }

  House house;
  OpenPgpKey key{"Zoe"};
};

}  // namespace

TEST_CASE("a person logs in at the pages, lands where they wanted to go, sees their sessions and logs out") {
  World world;
  Browser browser(world.house, "example.org");
  CHECK(browser.ask(Page::home).location == "/login");
  CHECK(browser.ask(Page::account).location == "/login");
  const PageAnswer form = browser.ask(Page::login, Json::object(), "return=https%3A%2F%2Fapp.example.org%2Fa%3Fb");
  CHECK(hidden(form, "return") == "https://app.example.org/a?b");

  const PageAnswer done = world.log_in(browser, hidden(form, "return"));
  CHECK(done.status == 303);
  CHECK(done.location == "https://app.example.org/a?b");
  CHECK(browser.jar.size() == 1);  // the attempt's is gone
  CHECK(browser.jar.at("__Secure-countersign").starts_with("cs_"));
  CHECK(done.cookies.at(0).find("; Max-Age=86400; HttpOnly; SameSite=Lax; Secure; Domain=example.org") !=
        std::string::npos);

  CHECK(browser.ask(Page::home).location == "/account");
  const PageAnswer account = browser.ask(Page::account);
  CHECK(account.status == 200);
  CHECK(account.body.find("<dd>zoe</dd>") != std::string::npos);
  CHECK(account.body.find(": this one") != std::string::npos);
  CHECK(account.body.find(browser.jar.at("__Secure-countersign")) == std::string::npos);
  const PageAnswer out = browser.ask(Page::logout, Json::object().set("token", hidden(account, "token")));
  CHECK(out.location == "/login");
  CHECK(browser.jar.empty());
  CHECK(world.sessions() == 0);
}

TEST_CASE("one session ends another of the same account, and none of another's") {
  World world;
  world.house.add(alice());
  const auto hers = world.house.log_in(alice());
  Browser first(world.house);
  Browser second(world.house);
  world.log_in(first);
  world.log_in(second);
  const PageAnswer account = first.ask(Page::account);
  const std::string token = hidden(account, "token");
  for (const auto& session : must(world.house.auth().roles().sessions.list(id_of({"zoe", ""}), 9))) {
    CHECK(account.body.find("/account/sessions/" + session.id + "/end") != std::string::npos);
  }
  const auto end = [&](const std::string& session, const std::string& with) {
    return first.ask(Page::end_session, Json::object().set("session", session).set("token", with));
  };
  CHECK(end(hers.session.id, token).location == "/account");
  CHECK(must(world.house.auth().roles().sessions.list(alice().account(), 9)).size() == 1);
  CHECK(end(hers.session.id, hidden(second.ask(Page::account), "token")).status == 403);
  const std::string row = between(second.ask(Page::account).body, ": this one <code>", "</code>");
  CHECK(end(row, token).location == "/account");
  CHECK(second.ask(Page::account).location == "/login");
  CHECK(first.ask(Page::account).status == 200);
}

TEST_CASE("a response is taken once, from the browser that was shown its challenge, for that challenge") {
  World world;
  Browser browser(world.house);
  const PageAnswer begun = browser.ask(Page::begin, named("zoe"));
  const std::string response = world.key.clear_sign(world.key.open(challenge_in(begun)));
  // A stranger's browser, with the attempt or with one of its own: nobody is logged in there.
  Browser other(world.house);
  CHECK(other.ask(Page::answer, answered(begun, response)).status == 401);
  const PageAnswer own = other.ask(Page::begin, named("zoe"));
  CHECK(other.ask(Page::answer, answered(own, response)).status == 401);
  CHECK(other.jar.count("__Host-countersign") == 0);
  // What was refused spent nothing.
  CHECK(browser.ask(Page::answer, answered(begun, "nothing")).status == 400);
  CHECK(browser.ask(Page::answer, answered(begun, response)).status == 303);
  CHECK(world.sessions() == 1);
  browser.jar["__Host-countersign-attempt"] = "x";
  CHECK(browser.ask(Page::answer, answered(begun, response)).status == 401);
  CHECK(world.sessions() == 1);
}

TEST_CASE("a challenge page that was kept is good after a restart, and not after its end") {
  World world;
  std::optional<Browser> browser(std::in_place, world.house);
  const PageAnswer begun = browser->ask(Page::begin, named("zoe"));
  const std::string response = world.key.clear_sign(world.key.open(challenge_in(begun)));
  const auto jar = browser->jar;
  must(world.house.restart());
  browser.emplace(world.house);
  browser->jar = jar;
  world.house.clock.pass(std::chrono::minutes(4));
  CHECK(browser->ask(Page::answer, answered(begun, response)).status == 303);
  const PageAnswer late = browser->ask(Page::begin, named("zoe"));
  world.house.clock.pass(std::chrono::minutes(5));
  CHECK(browser->ask(Page::answer, answered(late, response)).status == 401);
}

TEST_CASE("S28 the page of an account that is not there looks like that of one that is") {
  World world;
  Browser browser(world.house);
  const auto shape = [&](const char* username) {
    const PageAnswer page = browser.ask(Page::begin, named(username));
    std::string body = page.body;
    for (const std::string& part : {challenge_in(page), hidden(page, "attempt"), std::string(username)}) {
      for (std::size_t at = body.find(part); at != std::string::npos; at = body.find(part)) body.erase(at, part.size());
    }
    CHECK(page.status == 200);
    CHECK(page.evened_out);
    CHECK(page.cookies.size() == 1);
    return body;
  };
  CHECK(shape("zoe") == shape("eoz"));
  // And so does the refusal of a response.
  const PageAnswer real = browser.ask(Page::begin, named("zoe"));
  const std::string response = world.key.clear_sign("not the statement\n");
  const PageAnswer denied = browser.ask(Page::answer, answered(real, response));
  const PageAnswer unknown = browser.ask(Page::answer, answered(browser.ask(Page::begin, named("eoz")), response));
  CHECK(denied.status == unknown.status);
  CHECK(denied.evened_out);
}

TEST_CASE("nothing is changed by a request that a page of another origin sends") {
  World world;
  Browser browser(world.house);
  world.log_in(browser);
  const std::string token = hidden(browser.ask(Page::account), "token");
  const PageAnswer begun = browser.ask(Page::begin, named("zoe"));
  const std::string response = world.key.clear_sign(world.key.open(challenge_in(begun)));
  const auto session = must(world.house.auth().roles().sessions.list(id_of({"zoe", ""}), 9)).front();
  for (const auto& [origin, fetch_site] : {std::pair{"https://evil.org", ""},
                                           {"https://evil.org", "cross-site"},
                                           {"null", ""},
                                           {"", ""},
                                           {"https://app.example.org", "same-site"}}) {
    CAPTURE(origin, fetch_site);
    browser.origin = origin;
    browser.fetch_site = fetch_site;
    const std::string own = browser.jar.at("__Host-countersign");
    CHECK(browser.ask(Page::begin, named("zoe")).status == 403);
    CHECK(browser.ask(Page::answer, answered(begun, response)).status == 403);
    CHECK(browser.ask(Page::logout, Json::object().set("token", token)).status == 403);
    CHECK(browser.ask(Page::end_session, Json::object().set("session", session.id).set("token", token)).status == 403);
    CHECK(browser.jar.at("__Host-countersign") == own);
  }
  browser.origin = kOrigin;
  browser.fetch_site = "same-origin";
  for (const std::string& forged : {std::string(), std::string(64, '0'), token + "0"}) {
    CHECK(browser.ask(Page::logout, Json::object().set("token", forged)).status == 403);
  }
  CHECK(world.sessions() == 1);
  CHECK(browser.ask(Page::logout, Json::object().set("token", token)).location == "/login");
}

TEST_CASE("a login opens another session than the one before, which ends") {
  World world;
  Browser browser(world.house);
  world.log_in(browser);
  const std::string before = browser.jar.at("__Host-countersign");
  world.log_in(browser);
  CHECK(browser.jar.at("__Host-countersign") != before);
  CHECK(world.sessions() == 1);
  // One that somebody else planted is not taken over.
  browser.jar["__Host-countersign"] = "cs_" + std::string(43, 'A');
  world.log_in(browser);
  CHECK(browser.jar.at("__Host-countersign") != "cs_" + std::string(43, 'A'));
}

TEST_CASE("a return address that leads elsewhere leads nowhere, and what a stranger wrote is no markup") {
  World world;
  Browser browser(world.house, "example.org");
  CHECK(hidden(browser.ask(Page::login, Json::object(), "return=https://evil.org/"), "return").empty());
  CHECK(world.log_in(browser, "https://evil.org/").location == "/account");
  CHECK(world.log_in(browser, "//evil.org/").location == "/account");
  const std::string script = "<script>alert(1)</script>";
  for (const PageAnswer& page :
       {browser.ask(Page::begin, named(script, script)), browser.ask(Page::begin, named("a\"><b", "\"><b")),
        browser.ask(Page::login, Json::object(), "return=/\"><script>"),
        browser.ask(Page::answer, Json::object().set("attempt", "\">" + script).set("response", script))}) {
    INFO(page.body);
    CHECK(page.body.find("<script") == std::string::npos);
    CHECK(page.body.find("\"><b") == std::string::npos);
    CHECK(page.status != 303);
  }
}

TEST_CASE("who pastes a secret key is told so") {
  World world;
  Browser browser(world.house);
  const PageAnswer begun = browser.ask(Page::begin, named("zoe"));
  const PageAnswer told = browser.ask(
      Page::answer,
      answered(begun, "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxVgE\n-----END PGP PRIVATE KEY BLOCK-----\n"));
  CHECK(told.status == 400);
  CHECK(told.body.find("SECRET key") != std::string::npos);
}

TEST_CASE("the token of a form says nothing of the session's token, and there is none without a session") {
  CHECK(form_token(Secret()).empty());
  const std::string token = form_token(Secret(as_bytes("cs_a")));
  CHECK(token.size() == 64);
  CHECK(token != form_token(Secret(as_bytes("cs_b"))));
}
