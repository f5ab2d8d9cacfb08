#include "transport/pages/navigation.hpp"

#include <catch2/catch.hpp>

using namespace countersign::transport::pages;

TEST_CASE("a navigation is a GET of a browser that shows a page") {
  CHECK(is_navigation({.method = "GET", .accept = "text/html,application/xhtml+xml;q=0.9"}));
  CHECK(is_navigation({.method = "HEAD", .accept = "text/plain, text/html;q=0.1"}));
  CHECK(is_navigation({.method = "GET", .accept = "", .fetch_mode = "navigate"}));
  CHECK_FALSE(is_navigation({.method = "POST", .accept = "text/html"}));
  CHECK_FALSE(is_navigation({.method = "", .accept = "text/html"}));
  CHECK_FALSE(is_navigation({.method = "GET, GET", .accept = "text/html"}));
  CHECK_FALSE(is_navigation({.method = "GET", .accept = "*/*"}));
  CHECK_FALSE(is_navigation({.method = "GET", .accept = "application/json"}));
  CHECK_FALSE(is_navigation({.method = "GET", .accept = "text/html", .fetch_mode = "cors"}));
}

TEST_CASE("the login page is told where to go back to only where that is a place to go to") {
  const Site site = parse_site("https://auth.example.org", "example.org").value();
  const auto address = [&](std::string_view proto, std::string_view host, std::string_view uri) {
    return login_address(site, {.method = "GET", .proto = proto, .host = host, .uri = uri});
  };
  CHECK(address("https", "app.example.org", "/a?b=c&d") ==
        "https://auth.example.org/login?return=https%3A%2F%2Fapp.example.org%2Fa%3Fb%3Dc%26d");
  for (const char* host : {"", "evil.org", "app.example.org, evil.org", "a@evil.org", "app.example.org\r\nX: y"}) {
    CAPTURE(host);
    CHECK(address("https", host, "/") == "https://auth.example.org/login");
  }
  CHECK(address("http", "app.example.org", "/") == "https://auth.example.org/login");
  CHECK(address("https", "app.example.org", ".evil.org/") == "https://auth.example.org/login");
  CHECK(address("https", "app.example.org", "") == "https://auth.example.org/login");
}

TEST_CASE("a return address comes encoded, or as nginx writes it") {
  CHECK(return_in_query("return=https%3A%2F%2Fa%2Fb%3Fc%3Dd%26e&x=y") == "https://a/b?c=d&e");
  CHECK(return_in_query("return=https://a/b?c=d&e=f") == "https://a/b?c=d&e=f");
  CHECK(return_in_query("return=/x") == "/x");
  for (const char* none : {"", "x=y", "Return=/x", "x=y&return=/x", "return=", "return=%2", "return=%zz"}) {
    CHECK(return_in_query(none).empty());
  }
}
