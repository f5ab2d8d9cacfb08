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
  explicit Browser(House& house, std::string_view cookie_domain = "", bool password_login = false)
      : pages(house.operations(), site_of(cookie_domain, password_login)) {}
  static Site site_of(std::string_view cookie_domain, bool password_login) {
    Site site = parse_site(kOrigin, cookie_domain).value();
    site.password_login = password_login;
    return site;
  }

  PageAnswer ask(Page page, const Json& form = Json::object(), std::string_view query = "") {
    std::string cookies;
    for (const auto& [name, value] : jar) cookies += (cookies.empty() ? "" : "; ") + name + "=" + value;
    PageAnswer answer = pages.answer({page, query, form, cookies, origin, fetch_site, agent, "192.0.2.7"});
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
  std::string agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
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
  return Json::object()
      .set("attempt", hidden(begun, "attempt"))
      .set("return", hidden(begun, "return"))
      .set("response", response);
}
Json coded(const PageAnswer& begun, std::string_view code) {
  return Json::object()
      .set("attempt", hidden(begun, "attempt"))
      .set("return", hidden(begun, "return"))
      .set("code", code);
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
  // What curl does at a terminal, by the command that the page shows.
  Result<Json> at_terminal(std::string_view operation, const Json& fields, const std::string& text = "") {
    Message message;
    message.operation = operation;
    message.source = "198.51.100.4";
    message.fields = fields;
    message.text = text;
    return house.operations().run(message);
  }
  std::string challenge_at_terminal(const PageAnswer& begun) {
    const std::string attempt = between(begun.body, "curl -fsS " + kOrigin + "/login/challenge/", " |");
    return *must(at_terminal("attempt.show", Json::object().set("attempt", attempt)))
                .find("challenge_message")
                ->string();
  }
  Result<Json> sign_at_terminal(const PageAnswer& begun) {
    return at_terminal("attempt.sign", Json::object(), key.clear_sign(key.open(challenge_at_terminal(begun))));
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

TEST_CASE("S82 who signs at a terminal is told the code that logs in, and signs which browser asked") {
  World world;
  Browser browser(world.house, "example.org");
  const PageAnswer begun = browser.ask(Page::begin, named("zoe", "https://app.example.org/x"));
  const std::string statement = world.key.open(world.challenge_at_terminal(begun));
  CHECK(statement.find("\ntransport: browser\nbrowser: 192.0.2.7, Firefox on Linux\n") != std::string::npos);
  CHECK(begun.body.find("<code>192.0.2.7, Firefox on Linux</code>") != std::string::npos);
  // The same challenge as the one to copy, however often it is shown.
  CHECK(statement == world.key.open(challenge_in(begun)));
  CHECK(statement == world.key.open(world.challenge_at_terminal(begun)));

  CHECK(browser.ask(Page::enter, coded(begun, "00000000")).status == 401);  // nothing was signed
  const std::string code = *must(world.sign_at_terminal(begun)).find("code")->string();
  CHECK(world.sessions() == 0);
  CHECK(outcome(world.sign_at_terminal(begun)) == "challenge_consumed");
  const PageAnswer done = browser.ask(Page::enter, coded(begun, code.substr(0, 4) + " " + code.substr(4)));
  CHECK(done.status == 303);
  CHECK(done.location == "https://app.example.org/x");
  CHECK(browser.jar.size() == 1);
  CHECK(world.sessions() == 1);
  const auto session = must(world.house.auth().roles().sessions.list(id_of({"zoe", ""}), 9)).front();
  CHECK(session.transport == "browser");
  CHECK(session.method == "key");
  CHECK(session.fingerprint.size() == 40);
  CHECK(browser.ask(Page::enter, coded(begun, code)).status == 401);
  CHECK(world.sessions() == 1);
}

TEST_CASE("S83 a code logs in the browser that asked, within three tries, while the challenge and the key are good") {
  World world;
  Browser browser(world.house);
  Browser stranger(world.house);
  const PageAnswer begun = browser.ask(Page::begin, named("zoe"));
  const std::string code = *must(world.sign_at_terminal(begun)).find("code")->string();
  const std::string wrong = code == "00000000" ? "11111111" : "00000000";
  // A stranger has the address of the command, and perhaps the code; the cookie is the browser's.
  stranger.ask(Page::begin, named("zoe"));
  CHECK(stranger.ask(Page::enter, coded(begun, code)).status == 401);
  // A session is opened at the pages alone, and the challenge is spent.
  const std::string response = world.key.clear_sign(world.key.open(challenge_in(begun)));
  CHECK(browser.ask(Page::answer, answered(begun, response)).status == 401);
  const PageAnswer missed = browser.ask(Page::enter, coded(begun, wrong));
  CHECK(missed.status == 401);
  CHECK(missed.evened_out);
  CHECK(hidden(missed, "attempt") == hidden(begun, "attempt"));
  CHECK(browser.ask(Page::enter, coded(begun, wrong)).status == 401);
  CHECK(browser.ask(Page::enter, coded(begun, "")).status == 401);
  CHECK(browser.ask(Page::enter, coded(begun, code)).status == 401);
  CHECK(world.sessions() == 0);

  const PageAnswer second = browser.ask(Page::begin, named("zoe"));
  const std::string late = *must(world.sign_at_terminal(second)).find("code")->string();
  world.house.clock.pass(std::chrono::minutes(5));
  CHECK(browser.ask(Page::enter, coded(second, late)).status == 401);
  CHECK(outcome(world.at_terminal("attempt.show", Json::object().set("attempt", hidden(second, "attempt")))) ==
        "challenge_expired");

  const PageAnswer third = browser.ask(Page::begin, named("zoe"));
  const std::string ended = *must(world.sign_at_terminal(third)).find("code")->string();
  must(world.house.auth().roles().sessions.end_all(id_of({"zoe", ""}), by_hand()));
  CHECK(browser.ask(Page::enter, coded(third, ended)).status == 401);
  CHECK(world.sessions() == 0);
}

TEST_CASE("S82 what is signed for a browser opens no session elsewhere, and nothing else is told a code") {
  World world;
  Browser browser(world.house);
  const PageAnswer begun = browser.ask(Page::begin, named("zoe"));
  const std::string response = world.key.clear_sign(world.key.open(challenge_in(begun)));
  CHECK(outcome(world.at_terminal("session.open", Json::object(), response)) == "transport_mismatch");
  Message by_stick;
  by_stick.operation = "session.open";
  by_stick.carrier = Carrier::courier;
  by_stick.source = "courier";
  by_stick.text = response;
  CHECK(outcome(world.house.operations().run(by_stick)) == "transport_mismatch");
  const auto online = must(world.at_terminal("challenge.issue", Json::object().set("username", "zoe")));
  const std::string plain = world.key.clear_sign(world.key.open(*online.find("challenge_message")->string()));
  CHECK(outcome(world.at_terminal("attempt.sign", Json::object(), plain)) == "transport_mismatch");
  CHECK(outcome(
            world.at_terminal("challenge.issue", Json::object().set("username", "zoe").set("transport", "browser"))) ==
        "malformed_message");
  CHECK(world.sessions() == 0);
  CHECK(outcome(world.at_terminal("attempt.sign", Json::object(), response)) == "ok");
}

TEST_CASE("a password logs in where the site takes them, and nowhere else") {
  World world;
  must(world.house.auth().roles().passwords.set(id_of({"zoe", ""}), password_of("correct horse"), by_hand()));
  const auto typed = [](std::string_view password) { return named("zoe", "/account").set("password", password); };
  Browser without(world.house);
  CHECK(without.ask(Page::login).body.find("password") == std::string::npos);
  CHECK(without.ask(Page::password, typed("correct horse")).status == 404);
  CHECK(without.ask(Page::begin, typed("correct horse")).status == 200);
  CHECK(world.sessions() == 0);

  Browser browser(world.house, "", true);
  CHECK(browser.ask(Page::login).body.find("type=\"password\"") != std::string::npos);
  const PageAnswer denied = browser.ask(Page::password, typed("wrong"));
  CHECK(denied.status == 401);
  CHECK(denied.evened_out);
  CHECK(denied.body.find("value=\"zoe\"") != std::string::npos);
  CHECK(denied.body.find("wrong") == std::string::npos);
  browser.origin = "https://evil.org";
  CHECK(browser.ask(Page::password, typed("correct horse")).status == 403);
  browser.origin = kOrigin;
  const PageAnswer done = browser.ask(Page::password, typed("correct horse"));
  CHECK(done.status == 303);
  CHECK(done.location == "/account");
  CHECK(world.sessions() == 1);
  // Enter in the field of the password sends the form to where the key is asked for.
  CHECK(browser.ask(Page::begin, typed("correct horse")).status == 303);
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

TEST_CASE("S78 nothing is changed by a request that a page of another origin sends") {
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

TEST_CASE("S79 a login opens another session than the one before, which ends") {
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

TEST_CASE("S77 a return address that leads elsewhere leads nowhere") {
  World world;
  Browser browser(world.house, "example.org");
  CHECK(hidden(browser.ask(Page::login, Json::object(), "return=https://evil.org/"), "return").empty());
  CHECK(world.log_in(browser, "https://evil.org/").location == "/account");
  CHECK(world.log_in(browser, "//evil.org/").location == "/account");
}

TEST_CASE("S81 what a stranger wrote is no markup") {
  World world;
  Browser browser(world.house, "example.org");
  const std::string script = "<script>alert(1)</script>";
  for (const PageAnswer& page :
       {browser.ask(Page::begin, named(script, script)), browser.ask(Page::begin, named("a\"><b", "\"><b")),
        browser.ask(Page::login, Json::object(), "return=/\"><script>"),
        browser.ask(Page::answer, Json::object().set("attempt", "\">" + script).set("response", script))}) {
    INFO(page.body);
    // But for ours.
    CHECK(page.body.find("<script") ==
          page.body.find("<script src=\"https://auth.example.org/script.js\" defer></script>"));
    CHECK(page.body.find("<script") == page.body.rfind("<script"));
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
  CHECK(told.body.find("`gpg --clearsign`") != std::string::npos);
  CHECK(browser.ask(Page::begin, named("")).body.find("the username is missing") != std::string::npos);
}

TEST_CASE("the token of a form says nothing of the session's token, and there is none without a session") {
  CHECK(form_token(Secret()).empty());
  const std::string token = form_token(Secret(as_bytes("cs_a")));
  CHECK(token.size() == 64);
  CHECK(token != form_token(Secret(as_bytes("cs_b"))));
}
