#include "cli/settings.hpp"

#include <catch2/catch.hpp>

#include "cli/setting_values.hpp"

using namespace countersign;
using cli::Environment;
using cli::Settings;

namespace {

const std::string kServer = "server = \"https://auth.example.org\"\n";
const Environment kNothing{{}};

Result<Settings> read(const std::string& toml) {
  return cli::read_settings(kServer + toml, kNothing, {});
}

// Fails with invalid_settings, and the detail names the key.
void require_refused(const Result<Settings>& result, const std::string& key) {
  REQUIRE(!result);
  INFO(result.error().detail);
  REQUIRE(result.error().code == ErrorCode::invalid_settings);
  REQUIRE(result.error().detail.find(key) != std::string::npos);
}

}  // namespace

TEST_CASE("S68 registration is closed unless the file says otherwise") {
  REQUIRE(read("")->registration == auth::Registration::closed);
  REQUIRE(read("registration = \"open\"")->registration == auth::Registration::open);
  REQUIRE(read("registration = \"invite\"")->registration == auth::Registration::invite);
}

TEST_CASE("S48 an unknown key is an error that names it") {
  require_refused(read("colour = \"red\""), "colour");
  require_refused(read("[session]\nidle = \"1h\""), "session.idle");
  require_refused(read("[sesion]\nidle_limit = \"1h\""), "sesion.idle_limit");
}

TEST_CASE("S48 an unknown key and a value that does not fit are named with their line") {
  require_refused(read("colour = \"red\""), "colour: there is no such setting (countersign.toml, line 2)");
  require_refused(read("[health]\npages = \"on\""),
                  "health.pages: there is no such setting (countersign.toml, line 3); pages stands above the first "
                  "[table] of the file");
  require_refused(read("[session]\nidle = \"1h\""), "(countersign.toml, line 3); did you mean session.idle_limit?");
  require_refused(read("[sesion]\nidle_limit = \"1h\""),
                  "(countersign.toml, line 3); did you mean session.idle_limit?");
  require_refused(read("\nlisten = 8420"), "(countersign.toml, line 3)");
  require_refused(read("\nrate_limit = \"perhaps\""), "(countersign.toml, line 3)");
}

TEST_CASE("S48 an unknown variable is an error that names it and what may be meant") {
  const auto with = [](const char* name, const char* value) {
    return cli::read_settings(kServer, Environment{{{name, value}}}, {});
  };
  require_refused(with("COUNTERSIGN_SESSION_IDLE", "1h"),
                  "COUNTERSIGN_SESSION_IDLE: there is no such variable; did you mean COUNTERSIGN_SESSION_IDLE_LIMIT?");
  require_refused(with("COUNTERSIGN_LISTNE", "x"), "did you mean COUNTERSIGN_LISTEN?");
  require_refused(with("COUNTERSIGN_DATTA", "x"), "did you mean COUNTERSIGN_DATA?");
  require_refused(with("COUNTERSIGN_PEPPER", "on"), "did you mean COUNTERSIGN_PASSWORD_PEPPER?");
  require_refused(with("COUNTERSIGN_IDLE_LIMIT", "1h"), "did you mean COUNTERSIGN_SESSION_IDLE_LIMIT?");
  // Like none of ours, so it is not ours.
  for (const char* name : {"COUNTERSIGN_DATA", "COUNTERSIGN", "COUNTERSIG_LISTEN", "countersign_listen", "COUNTERSIGN_",
                           "COUNTERSIGN_SERVICE_HOST", "COUNTERSIGN_PORT_8420_TCP", "COUNTERSIGN_COLOUR"}) {
    CHECK(with(name, "x").has_value());
  }
  CHECK(with("COUNTERSIGN_COLOUR", "").has_value());
}

TEST_CASE("pages are off, and need a server whose name is a URL, in the cookie domain") {
  const auto named = [](const std::string& toml) { return cli::read_settings(toml, kNothing, {}); };
  const std::string url = "server = \"https://auth.example.org\"\n";
  CHECK_FALSE(named(url)->pages);
  CHECK(named(url + "pages = \"on\"")->pages);
  CHECK(named(url + "pages = \"on\"\ncookie_domain = \"example.org\"")->pages);
  require_refused(named("server = \"auth\"\npages = \"on\""), "pages: ");
  require_refused(named(url + "pages = \"on\"\ncookie_domain = \"example.com\""),
                  "cookie_domain: the server is not in that domain (countersign.toml, line 3)");
}

TEST_CASE("what a running server does not take over stays as it was and is named") {
  const Settings running = *read("listen = \"127.0.0.1:1\"");
  Settings changed = *read(
      "listen = \"127.0.0.1:2\"\nmetrics_listen = \"127.0.0.1:3\"\nregistration = \"open\"\nstorage = "
      "\"directory\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n"
      "forwarded_header = \"forwarded\"\ninstance = \"other\"\nconnections_max = \"17\"\nconnections_per_address_max = "
      "\"7\"\npages = \"on\"\ncookie_domain = \"example.org\"\npassword_login = \"on\"");
  CHECK(changed.connections_max == 17);
  CHECK(changed.connections_per_address_max == 7);
  CHECK(cli::keep_until_start(changed, running) ==
        std::vector<std::string>{"storage", "instance", "listen", "metrics_listen"});
  CHECK(changed.registration == auth::Registration::open);
  CHECK(changed.listen.port == 1);
  CHECK_FALSE(changed.metrics_listen);
  CHECK(changed.storage == cli::StorageKind::sqlite);
  CHECK(changed.instance == running.instance);
  CHECK(changed.trusted_proxies == std::vector<std::string>{"10.0.0.0/8"});
  CHECK(changed.connections_max == 17);
  CHECK(cli::keep_until_start(changed, running).empty());
}

TEST_CASE("S48 a value of a wrong type is an error that names its key") {
  require_refused(read("listen = 8420"), "listen");
  require_refused(read("[challenge]\nhttp_lifetime = 300"), "challenge.http_lifetime");
  require_refused(read("trusted_proxies = [1]"), "trusted_proxies");
  require_refused(read("rate_limit = 1.5"), "rate_limit");
  require_refused(read("trusted_proxies = [\"10.0.0.0/8,::/0\"]"), "trusted_proxies");
}

TEST_CASE("S48 a file that is not TOML is an error that names the line") {
  require_refused(read("listen = "), "line 2");
  require_refused(read("listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\""), "line 3");
}

TEST_CASE("S48 every duration is refused outside its range and taken at both ends") {
  struct Range {
    const char* section;
    const char* name;
    const char* below;
    const char* least;
    const char* most;
    const char* above;
  };
  const Range ranges[] = {{"challenge", "http_lifetime", "9s", "10s", "1h", "3601s"},
                          {"challenge", "courier_lifetime", "3599s", "1h", "30d", "31d"},
                          {"signature", "http_window", "9s", "10s", "1h", "3601s"},
                          {"signature", "courier_before_issue", "-1s", "0s", "30d", "31d"},
                          {"signature", "courier_after_now", "-1s", "0s", "30d", "31d"},
                          {"session", "idle_limit", "59s", "60s", "24h", "31d"},
                          {"session", "absolute_limit", "59s", "12h", "365d", "366d"}};
  for (const Range& range : ranges) {
    INFO(range.section << "." << range.name);
    const auto with = [&](const char* value) {
      return read(std::string("[") + range.section + "]\n" + range.name + " = \"" + value + "\"\n");
    };
    require_refused(with(range.below), range.name);
    REQUIRE(with(range.least).has_value());
    REQUIRE(with(range.most).has_value());
    require_refused(with(range.above), range.name);
  }
}

TEST_CASE("S48 every number is refused outside its range and taken at both ends") {
  struct Range {
    const char* section;
    const char* name;
    int least;
    int most;
  };
  for (const Range& range :
       {Range{"password", "memory_mib", 8, 256}, Range{"password", "passes", 1, 10}, Range{"password", "lanes", 1, 4},
        Range{"limits", "requests", 10, 1'000'000}, Range{"limits", "requests_per_second", 1, 100'000},
        Range{"limits", "passwords_per_source", 1, 100'000},
        Range{"limits", "passwords_per_source_per_minute", 1, 100'000},
        Range{"limits", "passwords_per_account", 1, 1'000},
        Range{"limits", "passwords_per_account_per_minute", 1, 1'000}}) {
    INFO(range.section << "." << range.name);
    const auto with = [&](const std::string& value) {
      return read(std::string("[") + range.section + "]\n" + range.name + " = " + value + "\n");
    };
    require_refused(with(std::to_string(range.least - 1)), range.name);
    REQUIRE(with(std::to_string(range.least)).has_value());
    REQUIRE(with(std::to_string(range.most)).has_value());
    require_refused(with(std::to_string(range.most + 1)), range.name);
    require_refused(with("\"many\""), range.name);
    require_refused(with("-1"), range.name);
  }
  REQUIRE(read("[password]\nmemory_mib = 16\npepper = \"on\"")->password.parameters.memory_kib == 16384);
  REQUIRE(read("[password]\npepper = \"on\"")->password.pepper);
  require_refused(read("[password]\npepper = \"yes\""), "password.pepper");
}

TEST_CASE("S48 an idle limit above the absolute limit is refused") {
  require_refused(read("[session]\nidle_limit = \"25h\""),
                  "session.idle_limit: 25h (countersign.toml, line 3) is longer than session.absolute_limit, ");
  require_refused(read("[session]\nabsolute_limit = \"5m\""),
                  "(the default) is longer than session.absolute_limit, 5m "
                  "(countersign.toml, line 3)");
  REQUIRE(read("[session]\nidle_limit = \"25h\"\nabsolute_limit = \"25h\"").has_value());
}

TEST_CASE("durations are whole numbers with one unit and nothing else") {
  REQUIRE(*cli::parse_duration("90s") == Seconds(90));
  REQUIRE(*cli::parse_duration("5m") == Seconds(300));
  REQUIRE(*cli::parse_duration("12h") == Seconds(43200));
  REQUIRE(*cli::parse_duration("7d") == Seconds(604800));
  for (const char* bad :
       {"", "5", "m", " 5m", "5 m", "+5m", "-5m", "0x5m", "5.5m", "5mm", "5M", "99999999999d", "1h30m"}) {
    INFO(bad);
    REQUIRE(!cli::parse_duration(bad));
  }
  for (const char* good : {"0s", "59s", "1m", "61s", "1h", "1d", "8d", "25h"}) {
    REQUIRE(cli::format_duration(*cli::parse_duration(good)) == good);
  }
}

TEST_CASE("what is reserved for later is refused with a text that says so") {
  require_refused(read("storage = \"etcd\""), "storage");
}

TEST_CASE("a flag wins over a variable, a variable over the file, the file over the default") {
  const Environment variables{{{"COUNTERSIGN_LISTEN", "127.0.0.1:2"}}};
  const cli::SettingOverride flag{"listen", "127.0.0.1:1", "--listen"};
  const std::string file = kServer + "listen = \"127.0.0.1:3\"\n";
  REQUIRE(cli::read_settings(file, variables, std::span(&flag, 1))->listen.port == 1);
  REQUIRE(cli::read_settings(file, variables, {})->listen.port == 2);
  REQUIRE(cli::read_settings(file, kNothing, {})->listen.port == 3);
  REQUIRE(cli::read_settings(kServer, kNothing, {})->listen.port == 8420);
}

TEST_CASE("a bad value of a flag names the flag") {
  const cli::SettingOverride flag{"listen", "nowhere", "--listen"};
  require_refused(cli::read_settings(kServer, kNothing, std::span(&flag, 1)), "(--listen)");
}

TEST_CASE("a text without its quotes is told to stand in quotes") {
  for (const char* line : {"pages = on", "pages = \u201con\u201d", "listen = 127.0.0.1:1", "registration = open"}) {
    INFO(line);
    require_refused(read(line), "countersign.toml, line 2: ");
    require_refused(read(line), "a text stands in straight quotes");
  }
  require_refused(read("pages = \"on"), "; the second quote is missing");
  CHECK(read("connections_max = 99999999999999999999").error().detail.find("quote") == std::string::npos);
}

TEST_CASE("a bad value in a variable names the setting and the variable") {
  const Environment variables{{{"COUNTERSIGN_SESSION_IDLE_LIMIT", "soon"}}};
  const auto result = cli::read_settings(kServer, variables, {});
  require_refused(result, "session.idle_limit");
  require_refused(result, "COUNTERSIGN_SESSION_IDLE_LIMIT");
}

TEST_CASE("a server without a name is refused, and so is a name that a statement cannot carry") {
  REQUIRE(!cli::read_settings("", kNothing, {}));
  for (const char* bad : {"", "a b", "a\\u001b", "\\u202e", "e\\u0301"}) {
    INFO(bad);
    REQUIRE(!cli::read_settings(std::string("server = \"") + bad + "\"", kNothing, {}));
  }
  REQUIRE(cli::check_server_name(std::string(200, 'a')).has_value());
  REQUIRE(!cli::check_server_name(std::string(201, 'a')));
}

TEST_CASE("an instance is a name of a-z and 0-9 and dashes and not the commands' own") {
  REQUIRE(read("instance = \"node-2\"")->instance == "node-2");
  for (const char* bad : {"", "Node", "a/b", "a.b", "cli", "012345678901234567890123456789012"}) {
    INFO(bad);
    require_refused(read(std::string("instance = \"") + bad + "\""), "instance");
  }
}

TEST_CASE("a listen address that is none is refused by the name of the setting") {
  REQUIRE(read("listen = \"[::1]:0\"")->listen.host == "::1");
  for (const char* bad : {"", "8420", "a:65536", "::1:80"}) {
    INFO(bad);
    require_refused(read(std::string("listen = \"") + bad + "\""), "listen");
  }
}

TEST_CASE("metrics are told nowhere unless an address says where") {
  CHECK_FALSE(read("")->metrics_listen);
  CHECK_FALSE(read("metrics_listen = \"\"")->metrics_listen);
  CHECK(read("metrics_listen = \"127.0.0.1:9420\"")->metrics_listen->port == 9420);
  for (const char* bad : {"9420", "a:65536", "::1:80"}) {
    INFO(bad);
    require_refused(read(std::string("metrics_listen = \"") + bad + "\""), "metrics_listen");
  }
}

TEST_CASE("S70 a trusted proxy is an address or a network with a prefix of its length") {
  const auto settings = read("trusted_proxies = [\"10.0.0.0/8\", \"::1\"]");
  REQUIRE(settings->trusted_proxies == std::vector<std::string>{"10.0.0.0/8", "::1"});
  for (const char* bad :
       {"10.0.0.0/33", "::/129", "10.0.0/8", "proxy", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.1.2.3/8"}) {
    INFO(bad);
    require_refused(read(std::string("trusted_proxies = [\"") + bad + "\"]"), "trusted_proxies");
  }
}

TEST_CASE("S70 the header that counts is one of two") {
  REQUIRE(read("")->forwarded_header == transport::http::ForwardedHeader::x_forwarded_for);
  REQUIRE(read("forwarded_header = \"forwarded\"")->forwarded_header == transport::http::ForwardedHeader::forwarded);
  for (const char* bad : {"", "both", "Forwarded", "x-real-ip"}) {
    INFO(bad);
    require_refused(read(std::string("forwarded_header = \"") + bad + "\""), "forwarded_header");
  }
}

TEST_CASE("a fresh file is read back as the settings it was written from") {
  Settings settings;
  settings.server = "https://auth.example.org";
  settings.fingerprint = *auth::Fingerprint::parse("102D44058634D44D92867BC1950DD5666EB335D4");
  settings.storage = cli::StorageKind::directory;
  settings.trusted_proxies = {"10.0.0.0/8", "::1"};
  settings.session_idle_limit = Seconds(3600);
  const std::string text = cli::write_settings(settings);
  const auto again = cli::read_settings(text, kNothing, {});
  REQUIRE(again.has_value());
  for (const cli::SettingRow& row : cli::setting_table()) {
    INFO(row.key);
    REQUIRE(row.get(*again) == row.get(settings));
    // Every setting is there for the reader, with the variable that overrides it.
    REQUIRE(text.find(cli::variable_of(row)) != std::string::npos);
  }
}

TEST_CASE("every commented default of a fresh file is a valid value") {
  Settings settings;
  settings.server = "a";
  std::string text = cli::write_settings(settings);
  std::string uncommented;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    std::string line = text.substr(at, end - at);
    if (line.starts_with("# ") && line.find(" = ") != std::string::npos) line = line.substr(2);
    if (line != "fingerprint = \"\"") uncommented += line + "\n";
    at = end + 1;
  }
  const auto again = cli::read_settings(uncommented, kNothing, {});
  REQUIRE(again.has_value());
}

TEST_CASE("the data folder comes from the flag then the variable then XDG then home") {
  const Environment all{{{"COUNTERSIGN_DATA", "/v"}, {"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}}};
  REQUIRE(*cli::find_data_folder("/f", all) == "/f");
  REQUIRE(*cli::find_data_folder("", all) == "/v");
  REQUIRE(*cli::find_data_folder("", Environment{{{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}}}) == "/x/countersign");
  REQUIRE(*cli::find_data_folder("", Environment{{{"XDG_STATE_HOME", "x"}, {"HOME", "/h"}}}) ==
          "/h/.local/state/countersign");
  REQUIRE(!cli::find_data_folder("", kNothing));
}

TEST_CASE("a data folder without settings is not found and the error says how to make one") {
  const auto result = cli::load_settings("/nonexistent/folder", kNothing, {});
  REQUIRE(!result);
  REQUIRE(result.error().code == ErrorCode::not_found);
  REQUIRE(result.error().detail.find("countersign init") != std::string::npos);
}

TEST_CASE("a server key in a GnuPG home needs an engine that reaches it and a path that sockets fit in") {
  const std::string home = "server_key_home = \"/var/lib/countersign/gnupg\"\n";
  require_refused(read(home), "--openpgp gpgme");
  require_refused(read(home + "openpgp = \"rnp\"\n"), "openpgp");
  for (const char* engine : {"gpgme", "both"}) {
    const auto settings = read(home + "openpgp = \"" + engine + "\"\n");
    REQUIRE(settings.has_value());
    REQUIRE(settings->server_key_home == "/var/lib/countersign/gnupg");
  }
  require_refused(read("openpgp = \"gpgme\"\nserver_key_home = \"gnupg\"\n"), "server_key_home");
  require_refused(read("openpgp = \"gpgme\"\nserver_key_home = \"/a\\nb\"\n"), "server_key_home");
  require_refused(read("openpgp = \"gpgme\"\nserver_key_home = \"/" + std::string(80, 'a') + "\"\n"),
                  "server_key_home");
}

TEST_CASE("a number is written as a number, and taken as one or in quotes") {
  Settings settings;
  settings.server = "a";
  settings.connections_max = 17;
  const std::string text = cli::write_settings(settings);
  CHECK(text.find("\nconnections_max = 17\n") != std::string::npos);
  CHECK(text.find("\n# memory_mib = 64\n") != std::string::npos);
  for (const cli::SettingRow& row : cli::setting_table()) {
    const std::string value = row.get(Settings());
    const bool is_number = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    INFO(row.key);
    CHECK(is_number == (row.form == cli::SettingForm::number));
  }
  CHECK(read("connections_max = 17")->connections_max == 17);
  CHECK(read("connections_max = \"17\"")->connections_max == 17);
}

TEST_CASE("S48 an error in the file says what is allowed there") {
  require_refused(read("connections_max = 1.5"), "it is a whole number (countersign.toml, line 2)");
  require_refused(read("connections_max = 2"), "from 16 to 1000000, not 2 (countersign.toml, line 2)");
  require_refused(read("openpgp = 1.5"), "it is a text in quotes (countersign.toml, line 2)");
  require_refused(read("trusted_proxies = [1]"), "it is a list of texts in quotes");
  require_refused(read("[session]\nidle_limit = 300"), "a duration is a whole number with a unit: 90s, 5m, 12h, 7d");
  require_refused(read("log_format = \"xml\""), "log_format: text or json (countersign.toml, line 2)");
  CHECK(read("log_format = \"json\"")->log_format == auth::LogFormat::json);
}
