#include "transport/http/address.hpp"

#include <catch2/catch.hpp>

#include "storage/base/enum_names.hpp"

using namespace countersign;
using namespace countersign::transport::http;

namespace {

Address at(std::string_view text) {
  const auto address = parse_address(text);
  REQUIRE(address.has_value());
  return *address;
}

std::vector<Network> proxies(std::initializer_list<const char*> texts) {
  std::vector<Network> out;
  for (const char* text : texts) {
    const auto network = parse_network(text);
    REQUIRE(network.has_value());
    out.push_back(*network);
  }
  return out;
}

std::string source_text(std::string_view peer, ForwardedHeader header, std::string_view value,
                        const std::vector<Network>& trusted) {
  constexpr EnumNames<Forwarding::none, Forwarding::unreadable> kNames("none", "disregarded", "read", "missing",
                                                                       "unreadable");
  const Source source = source_of(at(peer), header, value, trusted);
  return source.address.text() + " " + std::string(kNames.of(source.forwarding));
}

std::string hops_from(std::string_view peer, std::string_view hops, const std::vector<Network>& trusted) {
  return source_text(peer, ForwardedHeader::x_forwarded_for, hops, trusted);
}

std::string elements_from(std::string_view peer, std::string_view elements, const std::vector<Network>& trusted) {
  return source_text(peer, ForwardedHeader::forwarded, elements, trusted);
}

}  // namespace

TEST_CASE("addresses are numbers and nothing else") {
  for (const char* text : {"192.0.2.1", "::1", "2001:db8::1", "0.0.0.0"}) CHECK(at(text).text() == text);
  CHECK(at("::ffff:192.0.2.1") == at("192.0.2.1"));  // one client, whichever socket it came by
  for (const char* text :
       {"", "localhost", "192.0.2", "192.0.2.1:80", "[::1]", "::1%lo", "192.0.2.256", " ::1", "0x7f.1"}) {
    INFO(text);
    CHECK_FALSE(parse_address(text).has_value());
  }
  CHECK(at("127.0.0.2").is_loopback());
  CHECK(at("::1").is_loopback());
  CHECK_FALSE(at("128.0.0.1").is_loopback());
  CHECK_FALSE(at("::2").is_loopback());
}

TEST_CASE("an IPv6 client is counted by its network") {
  CHECK(at("2001:db8::1").group() == at("2001:db8::ffff").group());
  CHECK_FALSE(at("2001:db8:0:1::1").group() == at("2001:db8::1").group());
  CHECK_FALSE(at("192.0.2.1").group() == at("192.0.2.2").group());
}

TEST_CASE("networks hold their own addresses only") {
  CHECK(proxies({"10.0.0.0/8"})[0].contains(at("10.255.255.255")));
  CHECK_FALSE(proxies({"10.0.0.0/8"})[0].contains(at("11.0.0.0")));
  CHECK(proxies({"192.0.2.128/25"})[0].contains(at("192.0.2.200")));
  CHECK_FALSE(proxies({"192.0.2.128/25"})[0].contains(at("192.0.2.127")));
  CHECK(proxies({"2001:db8::/33"})[0].contains(at("2001:db8:7fff::1")));
  CHECK_FALSE(proxies({"2001:db8::/33"})[0].contains(at("2001:db8:8000::1")));
  CHECK(proxies({"192.0.2.1"})[0].contains(at("192.0.2.1")));
  CHECK_FALSE(proxies({"192.0.2.1"})[0].contains(at("192.0.2.2")));
  CHECK(proxies({"0.0.0.0/0"})[0].contains(at("192.0.2.2")));
  CHECK_FALSE(proxies({"0.0.0.0/0"})[0].contains(at("2001:db8::1")));
  for (const char* text :
       {"10.1.2.3/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "a/8", "", "/8"}) {
    INFO(text);
    const auto network = parse_network(text);
    REQUIRE_FALSE(network.has_value());
    CHECK(network.error().code == ErrorCode::invalid_settings);
  }
}

TEST_CASE("S70 a stranger's X-Forwarded-For does not count") {
  CHECK(hops_from("203.0.113.9", "127.0.0.1", {}) == "203.0.113.9 disregarded");
  CHECK(hops_from("203.0.113.9", "127.0.0.1", proxies({"10.0.0.0/8"})) == "203.0.113.9 disregarded");
  CHECK(hops_from("203.0.113.9", "", proxies({"10.0.0.0/8"})) == "203.0.113.9 none");
}

TEST_CASE("S70 the rightmost hop that is no proxy of ours is the source") {
  const auto trusted = proxies({"10.0.0.0/8", "127.0.0.1"});
  const auto source = [&](std::string_view hops) { return hops_from("127.0.0.1", hops, trusted); };
  CHECK(source("203.0.113.9") == "203.0.113.9 read");
  CHECK(source("1.1.1.1, 203.0.113.9, 10.0.0.7") == "203.0.113.9 read");
  CHECK(source("203.0.113.9,10.0.0.7") == "203.0.113.9 read");
  CHECK(source("garbage, 203.0.113.9,10.0.0.7") == "203.0.113.9 read");
  CHECK(source("10.0.0.8, 10.0.0.7") == "10.0.0.8 read");
  CHECK(source("") == "127.0.0.1 missing");
  CHECK(source("127.0.0.1, unknown, 10.0.0.7") == "10.0.0.7 unreadable");
  CHECK(source("203.0.113.9,") == "127.0.0.1 unreadable");
}

TEST_CASE("S70 a hop may be written with its port") {
  const auto trusted = proxies({"127.0.0.1", "2001:db8:1::/48"});
  const auto source = [&](std::string_view hops) { return hops_from("127.0.0.1", hops, trusted); };
  CHECK(source("203.0.113.7:4711") == "203.0.113.7 read");
  CHECK(source("[2001:db8::7]:4711") == "2001:db8::7 read");
  CHECK(source("[2001:db8::7]") == "2001:db8::7 read");
  CHECK(source("2001:db8::7") == "2001:db8::7 read");
  CHECK(source("203.0.113.7:4711, [2001:db8:1::1]:80") == "203.0.113.7 read");
  for (const char* none :
       {"203.0.113.7:", "203.0.113.7:x", "203.0.113.7:123456", "203.0.113.7:80:80", "[203.0.113.7]:80", "[2001:db8::7",
        "[2001:db8::7]80", "[2001:db8::7]:", "[]:80", ":80", "a:80", "for=203.0.113.7", "\"203.0.113.7\""}) {
    INFO(none);
    CHECK(source(none) == "127.0.0.1 unreadable");
  }
}

TEST_CASE("S70 the elements of Forwarded are read as hops are") {
  const auto trusted = proxies({"127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"});
  const auto source = [&](std::string_view elements) { return elements_from("127.0.0.1", elements, trusted); };
  CHECK(source("for=203.0.113.7") == "203.0.113.7 read");
  CHECK(source("For=\"203.0.113.7:4711\";proto=https;by=203.0.113.43") == "203.0.113.7 read");
  CHECK(source("by=203.0.113.43; FOR=\"[2001:db8::7]:4711\"") == "2001:db8::7 read");
  CHECK(source("for=[2001:db8::7]") == "2001:db8::7 read");  // not as it should be, but clear
  CHECK(source("for=198.51.100.1, for=203.0.113.7,for=10.0.0.7, for=\"[2001:db8:1::9]\"") == "203.0.113.7 read");
  CHECK(source("for=203.0.113.7;host=\"a,b;for=6.6.6.6\"") == "203.0.113.7 read");
  CHECK(source("for=203.0.113.7;host=\"a\\\",for=6.6.6.6\"") == "203.0.113.7 read");
  CHECK(source("") == "127.0.0.1 missing");
  CHECK(elements_from("203.0.113.9", "for=127.0.0.1", trusted) == "203.0.113.9 disregarded");
  for (const char* none : {"for=unknown", "for=_hidden", "for=\"_hidden:80\"", "for=", "for", "for=\"\"", "proto=https",
                           "203.0.113.7", "for=203.0.113.7;for=203.0.113.8", "for=203.0.113.7;", "for=\"203.0.113.7",
                           "for =203.0.113.7", "xfor=203.0.113.7", "for=203.0.113.7,"}) {
    INFO(none);
    CHECK(source(none) == "127.0.0.1 unreadable");
  }
  CHECK(source("for=203.0.113.7, for=unknown, for=10.0.0.7") == "10.0.0.7 unreadable");
}

TEST_CASE("S70 what a stranger wrote into Forwarded cannot swallow what the proxy added") {
  const auto trusted = proxies({"127.0.0.1"});
  for (const char* stranger : {"for=\"", "for=\"x", "\"", "\\", "for=\"\\", "for=6.6.6.6;host=\"", "garbage", ",", ";",
                               "for=\"a\"\"", "\\\"", "for=127.0.0.1"}) {
    INFO(stranger);
    CHECK(elements_from("127.0.0.1", std::string(stranger) + ", for=203.0.113.7", trusted) == "203.0.113.7 read");
    CHECK(elements_from("127.0.0.1", std::string(stranger) + ", for=\"[2001:db8::7]:80\";host=\"a, b\"", trusted) ==
          "2001:db8::7 read");
  }
}

TEST_CASE("private addresses are those of no internet") {
  for (const char* text :
       {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "fd00::1", "fe80::1"}) {
    CAPTURE(text);
    CHECK(at(text).is_private());
  }
  for (const char* text : {"0.0.0.0", "::", "11.0.0.1", "172.15.255.255", "172.32.0.0", "192.169.0.1", "2001:db8::1",
                           "127.0.0.1", "::1", "fe00::1"}) {
    CAPTURE(text);
    CHECK_FALSE(at(text).is_private());
  }
  CHECK(parse_listen_address("10.0.0.1:9420")->private_use);
  CHECK_FALSE(parse_listen_address("metrics.example.org:9420")->private_use);
}

TEST_CASE("listen addresses are HOST:PORT") {
  const auto address = parse_listen_address("[::1]:8420");
  REQUIRE(address.has_value());
  CHECK(address->host == "::1");
  CHECK(address->port == 8420);
  CHECK(address->loopback);
  CHECK(address->text() == "[::1]:8420");
  CHECK(parse_listen_address("localhost:65535")->text() == "localhost:65535");
  CHECK(parse_listen_address("localhost:0")->loopback);
  CHECK_FALSE(parse_listen_address("0.0.0.0:80")->loopback);
  for (const char* text : {"", "8420", ":8420", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "a:-1", "a:+1", "::1:80",
                           "[a]:1", "[]:80", "a:1x", "a b:80", "a:80 "}) {
    INFO(text);
    CHECK_FALSE(parse_listen_address(text).has_value());
  }
}
