#include "transport/metrics/metrics.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <sstream>

#include "tests/support/house.hpp"
#include "tests/support/http_wire.hpp"
#include "transport/metrics/metrics_server.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::metrics;

namespace {

struct Told {
  OperationCounts operations;
  RefusalCounts refusals;
  StoreReadings store;
  std::string text(std::uint64_t dropped = 0) const {
    return expose({operations, refusals, store, {3, 100, 17}, dropped});
  }
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::vector<std::string> samples(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) out.push_back(line.substr(0, line.rfind(' ')));
  }
  return out;
}

}  // namespace

TEST_CASE("what is counted is told from the start, at zero") {
  const std::string text = Told().text();
  CHECK(has_line(text, "countersign_logins_total{kind=\"key\"} 0"));
  CHECK(has_line(text, "countersign_login_refusals_total{kind=\"password\",face=\"denied\"} 0"));
  CHECK(has_line(text, "countersign_operations_total{operation=\"session.authz\",outcome=\"ok\"} 0"));
  CHECK(has_line(text, "countersign_operation_duration_seconds_bucket{operation=\"session.open\",le=\"+Inf\"} 0"));
  CHECK(has_line(text, "countersign_refusals_total{code=\"signature_invalid\"} 0"));
  CHECK(has_line(text, "countersign_log_lines_dropped_total 0"));
}

TEST_CASE("what is counted is told under the names of operations, faces and codes") {
  Told told;
  Message message;
  message.operation = "session.open";
  message.source = "192.0.2.7";
  message.fields.set("username", "alice").set("password", "hunter2");
  told.operations.count(message, std::nullopt, std::chrono::milliseconds(80));
  told.operations.count(message, ErrorCode::password_wrong, std::chrono::milliseconds(120));
  told.refusals.count("queue full");
  const std::string text = told.text(5);
  CHECK(has_line(text, "countersign_logins_total{kind=\"password\"} 1"));
  CHECK(has_line(text, "countersign_login_refusals_total{kind=\"password\",face=\"denied\"} 1"));
  CHECK(has_line(text, "countersign_operations_total{operation=\"session.open\",outcome=\"denied\"} 1"));
  CHECK(has_line(text, "countersign_refusals_total{code=\"password_wrong\"} 1"));
  CHECK(has_line(text, "countersign_http_refusals_total{reason=\"queue full\"} 1"));
  CHECK(has_line(text, "countersign_log_lines_dropped_total 5"));
  CHECK(has_line(text, "countersign_http_connections 3"));
  CHECK(has_line(text, "countersign_http_connections_max 100"));
  CHECK(has_line(text, "countersign_http_connections_accepted_total 17"));
  // A bucket holds what the ones before it hold.
  const std::string bucket = "countersign_operation_duration_seconds_bucket{operation=\"session.open\",le=";
  CHECK(has_line(text, bucket + "\"0.05\"} 0"));
  CHECK(has_line(text, bucket + "\"0.1\"} 1"));
  CHECK(has_line(text, bucket + "\"0.25\"} 2"));
  CHECK(has_line(text, bucket + "\"+Inf\"} 2"));
  CHECK(has_line(text, "countersign_operation_duration_seconds_count{operation=\"session.open\"} 2"));
  CHECK(has_line(text, "countersign_operation_duration_seconds_sum{operation=\"session.open\"} 0.2"));
  for (const char* foreign : {"192.0.2.7", "alice", "hunter2"}) CHECK(text.find(foreign) == std::string::npos);
}

TEST_CASE("what cannot be known has no sample") {
  Told told;
  const std::string unknown = told.text();
  for (const char* name :
       {"countersign_sessions_open", "countersign_store_bytes", "countersign_backup_timestamp_seconds",
        "countersign_server_key_end_timestamp_seconds", "countersign_records_damaged"}) {
    CAPTURE(name);
    CHECK(unknown.find(std::string("# TYPE ") + name + " gauge\n") != std::string::npos);
    CHECK(unknown.find(std::string("\n") + name + " ") == std::string::npos);
  }
  told.store.sessions_open = 0;
  told.store.health.key_ends = from_unix(1'800'000'000);
  CHECK(has_line(told.text(), "countersign_sessions_open 0"));
  CHECK(has_line(told.text(), "countersign_server_key_end_timestamp_seconds 1800000000"));
}

TEST_CASE("a secret is due when it is warned of, and not where the next one is coming") {
  Told told;
  auth::upkeep::SecretAge age{auth::secrets::SecretFamily::seal, "id", from_unix(1000), std::nullopt, from_unix(2000)};
  told.store.health.secrets = {age};
  CHECK(has_line(told.text(), "countersign_secret_since_timestamp_seconds{family=\"seal\"} 1000"));
  CHECK(has_line(told.text(), "countersign_secret_due_timestamp_seconds{family=\"seal\"} 2000"));
  told.store.health.secrets[0].next = from_unix(1500);
  CHECK(told.text().find("countersign_secret_due_timestamp_seconds{") == std::string::npos);
}

TEST_CASE("no sample is told twice, and of states exactly one holds") {
  Told told;
  told.store.health.clock = "ahead";
  told.store.health.ballast = storage::BallastState::no_room;
  const auto all = samples(told.text());
  CHECK(std::set(all.begin(), all.end()).size() == all.size());
  CHECK(has_line(told.text(), "countersign_clock{state=\"ahead\"} 1"));
  CHECK(has_line(told.text(), "countersign_clock{state=\"right\"} 0"));
  CHECK(has_line(told.text(), "countersign_ballast{state=\"no room\"} 1"));
  CHECK(has_line(told.text(), "countersign_ballast{state=\"there\"} 0"));
}

TEST_CASE("the readings of a store are those of its authenticator") {
  House house;
  house.add(alice());
  house.log_in(alice());
  CHECK_FALSE(read_store(house.auth()).sessions_open);
  REQUIRE(house.auth().maintain().has_value());
  const StoreReadings readings = read_store(house.auth());
  CHECK(readings.ready);
  CHECK(readings.sessions_open == 1);
  CHECK(readings.health.secrets.size() == 2);
}

TEST_CASE("the metrics' address answers GET and HEAD of one path and nothing else") {
  std::vector<std::string> refused;
  MetricsServerSettings settings;
  settings.expose = [] { return std::string("a 1\n"); };
  settings.on_refusal = [&](std::string_view, std::string_view reason) { refused.emplace_back(reason); };
  MetricsServer server(settings);
  REQUIRE(server.start().has_value());
  const WireReply got = ask(server.port(), http_request("GET", "/metrics"));
  CHECK(got.status == 200);
  CHECK(got.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(got.body == "a 1\n");
  Wire wire(server.port());
  wire.send(http_request("HEAD", "/metrics"));
  const WireReply head = wire.reply(true);
  CHECK(head.status == 200);
  CHECK(head.header("content-length") == "4");
  wire.send(http_request("GET", "/metrics"));
  CHECK(wire.reply().body == "a 1\n");
  for (const char* path : {"/", "/healthz", "/v1/server", "/v1/session", "/v1/authz"}) {
    CHECK(ask(server.port(), http_request("GET", path)).status == 404);
  }
  const WireReply posted = ask(server.port(), "DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(posted.status == 405);
  CHECK(posted.header("allow") == "GET, HEAD");
  CHECK(ask(server.port(), http_request("GET", "/metrics?a=b")).status == 400);
  CHECK(refused.size() == 7);
}

TEST_CASE("a failure while metrics are told is the server's, and is not explained") {
  MetricsServerSettings settings;
  settings.expose = []() -> std::string { throw std::runtime_error("the reason"); };
  MetricsServer server(settings);
  REQUIRE(server.start().has_value());
  const WireReply reply = ask(server.port(), http_request("GET", "/metrics"));
  CHECK(reply.status == 503);
  CHECK(reply.body.find("the reason") == std::string::npos);
}
