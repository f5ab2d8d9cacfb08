#include "auth/client/server_url.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::client;

TEST_CASE("a URL has one spelling") {
  REQUIRE(*client::normal_url("HTTPS://Auth.Example.org:443/") == "https://auth.example.org");
  REQUIRE(*client::normal_url("http://a:80") == "http://a");
  REQUIRE(*client::normal_url("http://a:") == "http://a");
  REQUIRE(*client::normal_url("http://a:0080") == "http://a");
  REQUIRE(*client::normal_url("http://[::1]:8420//") == "http://[::1]:8420");
  REQUIRE(*client::normal_url("https://a/Auth/") == "https://a/Auth");
}

TEST_CASE("what differs in scheme or host or port or path is another place") {
  REQUIRE(client::is_same_url("https://a", "https://A/"));
  for (const char* other :
       {"http://a", "https://b", "https://a.b", "https://a:444", "https://a/x", "https://a@b", ""}) {
    INFO(other);
    REQUIRE(!client::is_same_url("https://a", other));
  }
}

TEST_CASE("a URL with a user or query or fragment or without a host is refused") {
  for (const char* bad : {"a", "ftp://a", "https://", "https:///x", "https://u@a", "https://u:p@a", "https://a?q",
                          "https://a#f", "https://a/%2e", "https://a:65536", "https://a:x", "https://a b",
                          "https://a\n", "https://[::1", "https://\xc3\xa4.org", "https://a\\b"}) {
    INFO(bad);
    REQUIRE(!client::normal_url(bad));
  }
}

TEST_CASE("a token goes by https or stays on this machine") {
  for (const char* good :
       {"https://a", "http://127.0.0.1:8420", "http://127.8.8.8/x", "http://localhost", "http://[::1]:1"}) {
    INFO(good);
    REQUIRE(client::is_confidential_url(good));
  }
  for (const char* bad : {"http://a", "http://127.0.0.1.example.org", "http://127.evil", "http://localhost.example",
                          "http://[::2]", "http://10.0.0.1", "ftp://localhost", ""}) {
    INFO(bad);
    REQUIRE(!client::is_confidential_url(bad));
  }
}
