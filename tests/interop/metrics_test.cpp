// What a running server tells Prometheus: scraped as Prometheus does, and judged by its own promtool.
#include <fmt/format.h>
#include <signal.h>

#include <catch2/catch.hpp>

#include <map>
#include <regex>
#include <set>

#include "storage/base/text.hpp"
#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

const std::string kSource = COUNTERSIGN_SOURCE;
const std::string kFolder = kSource + "/docs/operating/metrics";

std::uint16_t metrics_port(const RunningServer& server) {
  static const std::regex kLine(R"(metrics served address=http://127\.0\.0\.1:([0-9]+)/metrics)");
  const std::string log = server.log();
  std::smatch found;
  if (!std::regex_search(log, found, kLine)) throw std::runtime_error("no metrics in the log: " + log);
  return static_cast<std::uint16_t>(std::stoi(found[1]));
}

std::string scrape(const RunningServer& server) {
  const WireReply reply = ask(metrics_port(server), http_request("GET", "/metrics"));
  REQUIRE(reply.status == 200);
  REQUIRE(reply.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  return reply.body;
}

// -1 where there is no such sample.
double sample(const std::string& text, const std::string& name) {
  const auto at = ("\n" + text).find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 1));
}

// Of the families, with their types.
std::map<std::string, std::string> families_of(const std::string& text) {
  static const std::regex kType(R"(# TYPE (\S+) (\S+)\n)");
  std::map<std::string, std::string> families;
  for (std::sregex_iterator found(text.begin(), text.end(), kType), end; found != end; ++found) {
    families.emplace((*found)[1], (*found)[2]);
  }
  return families;
}

std::set<std::string> names_in(const std::string& text) {
  static const std::regex kName(R"(\bcountersign_[a-z_]+\b)");
  std::set<std::string> names;
  for (std::sregex_iterator found(text.begin(), text.end(), kName), end; found != end; ++found) {
    names.insert(found->str());
  }
  return names;
}

// Values of labels that expressions ask for, such as state=~"no room|disk too small", and that no sample has. What
// Prometheus or Grafana says of a label is not ours.
std::vector<std::string> unknown_labels(const std::string& text, const std::string& told) {
  static const std::regex kMatcher(R"re((\w+)=~?\\?"([^"$\\]+)\\?")re");
  std::vector<std::string> unknown;
  for (std::sregex_iterator found(text.begin(), text.end(), kMatcher), end; found != end; ++found) {
    if ((*found)[1] == "job") continue;
    const std::string values = (*found)[2];
    for (const std::string_view value : split(values, '|')) {
      const std::string label = fmt::format("{}=\"{}\"", (*found)[1].str(), value);
      if (told.find(label) == std::string::npos) unknown.push_back(label);
    }
  }
  return unknown;
}

// What is named there, and a server does not tell.
std::vector<std::string> untold(const std::string& text, const std::map<std::string, std::string>& families) {
  std::vector<std::string> missing;
  for (const std::string& name : names_in(text)) {
    bool told = families.contains(name);
    for (const char* part : {"_bucket", "_sum", "_count"}) {
      if (!name.ends_with(part)) continue;
      const auto family = families.find(name.substr(0, name.size() - std::string_view(part).size()));
      told = told || (family != families.end() && family->second == "histogram");
    }
    if (!told) missing.push_back(name);
  }
  return missing;
}

std::string session_by_key(const RunningServer& server, GnupgUser& user, const std::string& name) {
  const std::string challenge = server.post_form("/v1/challenge", "username=" + name).body;
  return field(json_of(server.post_text("/v1/session", user.answer(challenge)).body), "token");
}

}  // namespace

TEST_CASE("a running server tells Prometheus of logins, refusals, latencies and its store") {
  const std::string storage = GENERATE("sqlite", "directory");
  Installation installation(storage);
  const std::string file = (installation.data() / "countersign.toml").string();
  write_file(file, "metrics_listen = \"127.0.0.1:0\"\n" + read_file(file));
  GnupgUser alice("Alice");
  const std::string account = installation.add_account("alice-liddell", alice.certificate());
  std::string token;
  {
    RunningServer before(installation);
    token = session_by_key(before, alice, "alice-liddell");
  }
  RunningServer server(installation);
  session_by_key(server, alice, "alice-liddell");
  CHECK(server.session_status(token) == 200);
  CHECK(server.session_status(std::string(43, 'A')) == 401);
  CHECK(server.post_json("/v1/session", Json::object().set("username", "alice-liddell").set("password", "guess"))
            .status == 401);
  CHECK(server.get("/no/such").status == 404);

  const std::string text = scrape(server);
  CHECK(sample(text, "countersign_logins_total{kind=\"key\"}") == 1);
  CHECK(sample(text, "countersign_logins_total{kind=\"password\"}") == 0);
  CHECK(sample(text, "countersign_login_refusals_total{kind=\"password\",face=\"denied\"}") == 1);
  CHECK(sample(text, "countersign_operations_total{operation=\"session.show\",outcome=\"ok\"}") == 1);
  CHECK(sample(text, "countersign_operations_total{operation=\"session.show\",outcome=\"denied\"}") == 1);
  CHECK(sample(text, "countersign_refusals_total{code=\"password_unset\"}") == 1);
  CHECK(sample(text, "countersign_http_refusals_total{reason=\"no such call\"}") == 1);
  CHECK(sample(text, "countersign_operation_duration_seconds_count{operation=\"session.open\"}") == 2);
  CHECK(sample(text, "countersign_operation_duration_seconds_bucket{operation=\"session.open\",le=\"10\"}") == 2);
  CHECK(sample(text, "countersign_operation_duration_seconds_sum{operation=\"session.open\"}") > 0.0001);
  CHECK(sample(text, "countersign_http_connections_accepted_total") >= 6);
  CHECK(sample(text, "countersign_ready") == 1);
  // What was open when it started: the next round is half a minute away.
  CHECK(sample(text, "countersign_sessions_open") == 1);
  CHECK((sample(text, "countersign_store_bytes") > 0) == (storage == "sqlite"));
  CHECK(sample(text, "countersign_disk_free_bytes") > 0);
  CHECK(sample(text, "countersign_clock{state=\"right\"}") == 1);
  CHECK(sample(text, "countersign_secret_due_timestamp_seconds{family=\"record\"}") -
            sample(text, "countersign_secret_since_timestamp_seconds{family=\"record\"}") ==
        365 * 86400);
  CHECK(sample(text, "countersign_password_hashes_total") >= 1);
  CHECK(sample(text, "countersign_record_cache_bytes") > 0);
  CHECK(sample(text, "countersign_build_info{version=\"" COUNTERSIGN_VERSION "\",storage=\"" + storage + "\"}") == 1);
  for (const std::string& secret : {std::string("alice"), account, token, std::string("127.0.0.1"), alice.key}) {
    CHECK(text.find(secret) == std::string::npos);
  }

  const ProgramRun judged = run_program({"promtool", "check", "metrics"}, text);
  CHECK(judged.exit_code == 0);
  CHECK(judged.error == "");
  // That it can fail.
  CHECK(run_program({"promtool", "check", "metrics"}, text + "# TYPE a counter\na 1\n").exit_code != 0);

  // A hangup and the end of a generation take no count back.
  REQUIRE(kill(server.pid(), SIGHUP) == 0);
  REQUIRE(comes_true([&] { return server.log().find("settings taken over") != std::string::npos; }));
  CHECK(sample(scrape(server), "countersign_logins_total{kind=\"key\"}") == 1);
  // A round begins anew with it.
  CHECK(comes_true([&] { return sample(scrape(server), "countersign_sessions_open") == 2; }));
  CHECK(installation.run({"backup", (installation.folder() / "backup").string()}).exit_code == 0);
  CHECK(sample(scrape(server), "countersign_backup_timestamp_seconds") > 1e9);
  CHECK(server.get("/metrics").status == 404);
  CHECK(server.stop(SIGTERM) == 0);
}

TEST_CASE("metrics are told nowhere by default, and to strangers only where that is meant") {
  const Installation installation;
  {
    const RunningServer silent(installation);
    CHECK(silent.log().find("metrics served") == std::string::npos);
    CHECK(silent.get("/metrics").status == 404);
  }
  for (const char* address : {"0.0.0.0:0", "203.0.113.7:9420", "metrics.example.org:9420", "[::]:0"}) {
    INFO(address);
    const std::string variable = std::string("COUNTERSIGN_METRICS_LISTEN=") + address;
    auto environment = installation.environment(nullptr);
    environment.push_back(variable);
    const ProgramRun refused =
        run_program({"timeout", "20", COUNTERSIGN_PROGRAM, "serve", "--listen", "127.0.0.1:0"}, {}, environment);
    CHECK(refused.exit_code == 2);
    CHECK(unwrapped(refused.error).find("is neither a loopback nor a private address") != std::string::npos);
  }
  const RunningServer meant(installation, {"--insecure-http"}, {"COUNTERSIGN_METRICS_LISTEN=0.0.0.0:0"});
  CHECK(meant.log().find("metrics served address=http://0.0.0.0:") != std::string::npos);
  auto environment = installation.environment(nullptr);
  environment.push_back(fmt::format("COUNTERSIGN_METRICS_LISTEN=127.0.0.1:{}", meant.port()));
  const ProgramRun taken =
      run_program({"timeout", "20", COUNTERSIGN_PROGRAM, "serve", "--listen", "127.0.0.1:0"}, {}, environment);
  CHECK(taken.exit_code == 1);
  CHECK(unwrapped(taken.error).find("set another metrics_listen") != std::string::npos);
}

TEST_CASE("dashboard, alert rules and page name what a server tells, and the page all of it") {
  const Installation installation;
  const RunningServer server(installation, {}, {"COUNTERSIGN_METRICS_LISTEN=127.0.0.1:0"});
  const std::string told = scrape(server);
  const auto families = families_of(told);
  REQUIRE(families.size() > 20);
  using Names = std::vector<std::string>;
  const std::string page = read_file(kSource + "/docs/operating/metrics.md");
  const std::string rules = read_file(kFolder + "/alerts.yml");
  const std::string dashboard = read_file(kFolder + "/dashboard.json");
  CHECK(untold(page, families) == Names{});
  CHECK(untold(rules, families) == Names{});
  CHECK(untold(dashboard, families) == Names{});
  CHECK(unknown_labels(rules, told) == Names{});
  CHECK(unknown_labels(dashboard, told) == Names{});
  CHECK(unknown_labels("a{state=~\"there|too small\"}", told) == Names{"state=\"too small\""});
  CHECK(untold("countersign_made_up countersign_ready_count", families) ==
        Names{"countersign_made_up", "countersign_ready_count"});
  for (const auto& [name, type] : families) {
    INFO(name);
    CHECK(page.find("| `" + name + "` | " + type + " |") != std::string::npos);
  }
  // Every panel of the dashboard asks for something.
  const Json parsed = json_of(dashboard);
  REQUIRE(parsed.find("panels")->items()->size() > 10);
  for (const Json& panel : *parsed.find("panels")->items()) {
    INFO(field(panel, "title"));
    CHECK_FALSE(panel.find("targets")->items()->empty());
    for (const Json& target : *panel.find("targets")->items()) CHECK_FALSE(names_in(field(target, "expr")).empty());
  }
}

TEST_CASE("promtool takes the alert rules, and sees each of them fire and not fire") {
  const ProgramRun checked = run_program({"promtool", "check", "rules", kFolder + "/alerts.yml"}, {});
  CHECK(checked.exit_code == 0);
  CHECK(checked.output.find("5 rules found") != std::string::npos);
  const std::string cases = kSource + "/tests/interop/metrics/alerts_test.yml";
  const ProgramRun tested = run_program({"promtool", "test", "rules", cases}, {});
  INFO(tested.output << tested.error);
  CHECK(tested.exit_code == 0);
  static const std::regex kAlert(R"(- alert: (\w+)\n)");
  const std::string rules = read_file(kFolder + "/alerts.yml");
  const std::string page = read_file(kSource + "/docs/operating/metrics.md");
  const std::string text = read_file(cases);
  for (std::sregex_iterator found(rules.begin(), rules.end(), kAlert), end; found != end; ++found) {
    const std::string name = (*found)[1];
    INFO(name);
    CHECK(page.find("| `" + name + "` |") != std::string::npos);
    // Once before it fires, and once when it does.
    CHECK(text.find("alertname: " + name + "\n      - eval_time") != std::string::npos);
    CHECK(text.find("alertname: " + name + "\n        exp_alerts:") != std::string::npos);
  }
}
