#include "transport/http/routes.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace countersign::transport;
using namespace countersign::transport::http;

namespace {

const std::string kId = "00112233445566778899aabbccddeeff";

}  // namespace

TEST_CASE("every route is an operation that HTTP may bring") {
  for (const Route& route : routes()) {
    INFO(route.method << " " << route.path);
    const Operation* row = find_operation(route.operation);
    REQUIRE(row != nullptr);
    CHECK((row->carriers & static_cast<std::uint8_t>(Carrier::http)) != 0);
    CHECK(row->guard != Guard::administrator);  // S69
    std::string path(route.path);
    for (const auto& [placeholder, value] :
         {std::pair<std::string, std::string>{"{session}", kId}, {"{groups}", "a,b"}, {"{attempt}", "Ag-_9"}}) {
      if (const auto at = path.find(placeholder); at != std::string::npos) path.replace(at, placeholder.size(), value);
    }
    CHECK(find_route(route.method == "*" ? "POST" : route.method, path).route == &route);
  }
}

TEST_CASE("a path matches byte for byte") {
  const std::string& id = kId;
  CHECK(find_route("DELETE", "/v1/sessions/" + id).value == id);
  CHECK(find_route("DELETE", "/v1/sessions/" + id).member == "session");
  for (const std::string path :
       {"/v1/session/", "/v1//session", "/V1/session", "/v1/session%20", "/v1/session%0d%0a", "/v1/./session", "/x",
        "/v1/sessions/", "/v1/sessions/*", "/v1/sessions/1", "/v1/%73ession", "/v1/authz\n", ""}) {
    INFO(path);
    CHECK(find_route("GET", path).route == nullptr);
    CHECK(find_route("GET", path).refusal == 404);
  }
  CHECK(find_route("DELETE", "/v1/sessions/" + std::string(32, 'A')).refusal == 404);
  CHECK(find_route("DELETE", "/v1/sessions/" + id + "0").refusal == 404);
}

TEST_CASE("an attempt in a path is base64url") {
  CHECK(find_route("GET", "/login/challenge/" + std::string(1024, 'a')).member == "attempt");
  for (const std::string& attempt : {std::string(), std::string("a="), std::string("a+b"), std::string("a/b"),
                                     std::string("a b"), std::string("a%41"), std::string(1025, 'a')}) {
    INFO(attempt);
    CHECK(find_route("GET", "/login/challenge/" + attempt).refusal == 404);
  }
}

TEST_CASE("groups in a path are whole names with one comma between, at most sixteen") {
  CHECK(find_route("GET", "/v1/authz").member.empty());
  std::string many = "g0";
  for (int i = 1; i < 16; ++i) many += ",g" + std::to_string(i);
  for (const std::string& groups : {std::string("staff"), std::string("a,b"), std::string("a.b_c-d,9"), many}) {
    INFO(groups);
    const RouteMatch match = find_route("POST", "/v1/authz/" + groups);
    REQUIRE(match.route != nullptr);
    CHECK(match.member == "groups");
    CHECK(match.value == groups);
  }
  for (const std::string& groups : {std::string(), std::string(","), std::string("a,"), std::string(",a"),
                                    std::string("a,,b"), std::string("A"), std::string("a/b"), std::string("a%2Cb"),
                                    std::string("a b"), std::string("a;b"), many + ",x", std::string(65, 'a')}) {
    INFO(groups);
    CHECK(find_route("GET", "/v1/authz/" + groups).route == nullptr);
  }
}

TEST_CASE("another method is told which there are") {
  const RouteMatch match = find_route("PUT", "/v1/session");
  CHECK(match.refusal == 405);
  CHECK(match.allow == "GET, HEAD, POST, DELETE");
  CHECK(find_route("POST", "/v1/server").allow == "GET, HEAD");
  CHECK(find_route("TRACE", "/v1/authz").allow == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

TEST_CASE("a HEAD finds the row of its GET and of nothing else") {
  CHECK(find_route("HEAD", "/v1/authz").route == find_route("GET", "/v1/authz").route);
  CHECK(find_route("HEAD", "/v1/challenge").refusal == 405);
  CHECK(find_route("HEAD", "/v1/nothing").refusal == 404);
}
