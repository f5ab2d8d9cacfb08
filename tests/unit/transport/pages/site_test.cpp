#include "transport/pages/site.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using namespace countersign::transport::pages;

namespace {

Site site(std::string_view server, std::string_view cookie_domain = "") {
  return parse_site(server, cookie_domain).value();
}

}  // namespace

TEST_CASE("pages stand at an https URL without a path, or on this machine") {
  CHECK(site("https://auth.example.org").origin == "https://auth.example.org");
  CHECK(site("https://auth.example.org/").origin == "https://auth.example.org");
  CHECK(site("https://auth.example.org:8443").origin == "https://auth.example.org:8443");
  CHECK(site("https://auth.example.org:443/").origin == "https://auth.example.org");
  CHECK(site("http://127.0.0.1:80").origin == "http://127.0.0.1");
  CHECK_FALSE(site("http://127.0.0.1:8420").tls);
  CHECK_FALSE(site("http://localhost:8420").tls);
  for (const char* bad :
       {"", "auth.example.org", "http://auth.example.org", "https://auth.example.org/auth", "https://Auth.example.org",
        "https://a@b.org", "https://", "https://a..b", "https://a:0", "https://a:x", "ftp://a", "https://a?b"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_site(bad, ""));
  }
}

TEST_CASE("a cookie domain has a dot, and the server in it") {
  CHECK(parse_site("https://auth.example.org", "example.org"));
  CHECK(parse_site("https://example.org", "example.org"));
  for (const char* bad :
       {"org", ".example.org", "xample.org", "other.org", "Example.org", "example.org.", "b.auth.example.org"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_site("https://auth.example.org", bad));
  }
  CHECK_FALSE(parse_site("http://127.0.0.1:8420", "0.0.1"));
}

TEST_CASE("a browser is sent to this server or to https below the cookie domain, and nowhere else") {
  const Site one = site("https://auth.example.org", "example.org");
  for (const char* good : {"/", "/account", "/a?b=c&d=%2f", "https://auth.example.org", "https://auth.example.org/x",
                           "https://app.example.org/x?y=z#w", "https://example.org", "https://a.b.example.org:8443/"}) {
    CAPTURE(good);
    CHECK(judge_return(one, good) == good);
  }
  for (const char* bad : {"",
                          "//evil.org",
                          "/\\evil.org",
                          "\\\\evil.org",
                          "https:/evil.org",
                          "https:evil.org",
                          "https://evil.org",
                          "https://evil.org/.example.org",
                          "https://example.org.evil.org",
                          "https://evilexample.org",
                          "https://app.example.org@evil.org/",
                          "https://evil.org#.example.org",
                          "https://evil.org?.example.org",
                          "https://evil.org\\.example.org",
                          "http://app.example.org/",
                          "https://a:b@app.example.org",
                          "https://app.example.org:x/",
                          "https://app.example.org:99999/",
                          "https://APP.example.org/",
                          "https://.example.org/",
                          "javascript:alert(1)",
                          "data:text/html,x",
                          "https://app.example.org/\r\nX: y",
                          "https://app.example.org/ x",
                          "/\t/evil.org",
                          "/a\nb",
                          "https://\xc3\xa9.example.org",
                          "account",
                          "https://%65vil.org",
                          "/x\"y"}) {
    CAPTURE(bad);
    CHECK_FALSE(judge_return(one, bad));
  }
  CHECK_FALSE(judge_return(one, "/" + std::string(2048, 'a')));
  // Without a cookie domain there is no other place, however near.
  const Site alone = site("https://auth.example.org");
  CHECK(judge_return(alone, "https://auth.example.org/x"));
  for (const char* bad :
       {"https://app.example.org/", "https://auth.example.org.evil.org", "https://auth.example.org:8443/"}) {
    CAPTURE(bad);
    CHECK_FALSE(judge_return(alone, bad));
  }
  CHECK(judge_return(site("http://127.0.0.1:8420"), "http://127.0.0.1:8420/account"));
}

TEST_CASE("a request that changes something comes from a page of ours by all that the browser says of it") {
  const Site one = site("https://auth.example.org");
  CHECK(is_own_request(one, "https://auth.example.org", "same-origin"));
  CHECK(is_own_request(one, "https://auth.example.org", ""));
  CHECK(is_own_request(one, "", "same-origin"));
  CHECK_FALSE(is_own_request(one, "", ""));
  for (const char* origin : {"null", "https://evil.org", "http://auth.example.org", "https://auth.example.org:8443",
                             "https://auth.example.org/", "https://auth.example.org, https://auth.example.org"}) {
    CAPTURE(origin);
    CHECK_FALSE(is_own_request(one, origin, ""));
    CHECK_FALSE(is_own_request(one, origin, "same-origin"));
  }
  for (const char* fetch_site : {"cross-site", "same-site", "none"}) {
    CAPTURE(fetch_site);
    CHECK_FALSE(is_own_request(one, "https://auth.example.org", fetch_site));
    CHECK_FALSE(is_own_request(one, "", fetch_site));
  }
}

TEST_CASE("cookies are named by what a browser upholds of them") {
  CHECK(set_session_cookie(site("https://a.example.org"), "cs_x", 60) ==
        "__Host-countersign=cs_x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
  CHECK(set_session_cookie(site("https://a.example.org", "example.org"), "cs_x", 60) ==
        "__Secure-countersign=cs_x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure; Domain=example.org");
  CHECK(set_session_cookie(site("http://127.0.0.1:8420"), "cs_x", 60) ==
        "countersign=cs_x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
  CHECK(set_attempt_cookie(site("https://a.example.org", "example.org"), "x", 60) ==
        "__Host-countersign-attempt=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
}

TEST_CASE("a cookie is found by its whole name, and none where there are two") {
  CHECK(find_cookie("a=b; __Host-countersign=cs_x;c=d", "__Host-countersign") == "cs_x");
  // A proxy's expression takes one away, and the other would be seen by the application.
  CHECK(find_cookie("x=y; x=y", "x").empty());
  CHECK(find_cookie("x=y; x=z", "x").empty());
  CHECK(find_cookie("a=b;\tx=y", "x").empty());
  for (const char* none : {"", "x", "xx=y", "X=y", "a=x=y", "; ;"}) CHECK(find_cookie(none, "x").empty());
  CHECK(find_cookie("x=y=z", "x") == "y=z");
}

TEST_CASE("S80 the policy of a page lets a form lead to where a login may lead, and nothing in") {
  CHECK(content_policy(site("https://a.example.org", "example.org")) ==
        "default-src 'none'; style-src https://a.example.org; script-src https://a.example.org; form-action 'self' "
        "https://example.org "
        "https://*.example.org; frame-ancestors 'none'; base-uri 'none'");
  CHECK(content_policy(site("https://a.example.org")) ==
        "default-src 'none'; style-src https://a.example.org; script-src https://a.example.org; form-action 'self'; "
        "frame-ancestors 'none'; base-uri "
        "'none'");
}
