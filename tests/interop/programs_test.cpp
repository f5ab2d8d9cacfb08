// Other people's OpenPGP programs make a key, open a challenge, verify the server, answer in either form and log in, on
// every engine of the server. What they are told to do, and what comes of it, is docs/protocol/programs.md.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <iostream>
#include <memory>
#include <regex>

#include "auth/base/clock.hpp"
#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/interop/programs/matrix.hpp"
#include "tests/interop/programs/program_user.hpp"
#include "tests/support/openpgp_vector.hpp"
#include "tests/support/program.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

const std::vector<std::pair<std::string, std::vector<std::string>>> kPrograms = {
    {"gpg", {"Ed25519", "RSA 3072"}},
    {"sq", {"Ed25519", "RSA 3072"}},
    {"sqop", {"Ed25519", "RSA", "RSA 3072 made by sq"}},
    {"gosop", {"RSA 2048", "Ed25519", "Ed25519 made by sq", "RSA 3072 made by sq"}},
    {"pgpainless-cli", {"Ed25519", "RSA", "RSA 3072 made by sq"}},
    {"rnp", {"Ed25519", "Ed25519 with its key id shown", "RSA 3072 with its key id shown"}},
    {"OpenPGP.js", {"Ed25519", "RSA 3072", "Ed25519 of RFC 9580 (algorithm 27)", "version 6"}},
};

std::string page_path() {
  return COUNTERSIGN_SOURCE "/docs/protocol/programs.md";
}

// What a program signed, when an engine was asked about it.
struct Evidence {
  std::string statement;
  std::string signature;
  SignatureForm form;
  Instant at;
};

// One program with one of its keys.
struct Contestant {
  const Recipe* recipe;
  std::string key;
  std::string account;
  std::unique_ptr<ProgramUser> person = std::make_unique<ProgramUser>();
  std::string not_made = {};  // what the program answered where it made no key
  bool tried_another_server = false;
  std::vector<Evidence> evidence = {};
};

class Contest {
 public:
  Contest(const ProgramsPage& page, const Installation& installation, const RunningServer& server)
      : page_(page), installation_(installation), server_(server) {}

  Cells run(Contestant& contestant) const;

 private:
  // The step as the page has it; throws where it has none.
  ProgramRun step(const Contestant& contestant, const std::string& name) const;
  ProgramRun common(const Contestant& contestant, const std::string& name) const;
  void must(const Contestant& contestant, const std::string& name) const;

  std::string enrol(const Contestant& contestant) const;
  std::string open(const Contestant& contestant, const std::string& how) const;
  bool takes_another_server(const Contestant& contestant) const;
  std::string log_in(Contestant& contestant, SignatureForm form) const;
  std::string reason_in_log(std::size_t from) const;

  const ProgramsPage& page_;
  const Installation& installation_;
  const RunningServer& server_;
};

std::string described(const std::string& name, const ProgramRun& run) {
  return name + " ended with " + std::to_string(run.exit_code) + ": " + run.error + run.output;
}

ProgramRun Contest::step(const Contestant& contestant, const std::string& name) const {
  return contestant.person->run(contestant.recipe->steps.at(name));
}

ProgramRun Contest::common(const Contestant& contestant, const std::string& name) const {
  return contestant.person->run(page_.common.at(name));
}

void Contest::must(const Contestant& contestant, const std::string& name) const {
  const ProgramRun run = common(contestant, name);
  if (run.exit_code != 0) throw std::runtime_error(described(name, run));
}

// Empty, or the name of the reason.
std::string Contest::enrol(const Contestant& contestant) const {
  std::vector<std::string> command = {
      "account", "add", contestant.account, "--public-key", contestant.person->file("alice.asc").string(), "--json"};
  if (contestant.key.ends_with("key id shown")) command.emplace_back("--show-key-id");
  const ProgramRun added = installation_.run(command);
  if (added.exit_code == 0) return {};
  const Json answer = json_of(added.output.empty() ? added.error : added.output);
  return field(answer, "error");
}

// "yes" where the statement is in statement.txt then.
std::string Contest::open(const Contestant& contestant, const std::string& how) const {
  contestant.person->tidy_up();
  must(contestant, "ask for a challenge");
  const ProgramRun opened = step(contestant, how);
  if (opened.exit_code != 0) return "not offered: " + answer_of(opened);
  const ProgramRun read = common(contestant, "read the statement");
  return read.exit_code == 0 ? "yes" : "failed: " + described("reading the statement", read);
}

// To somebody who knows another server, this one's message is a stranger's.
bool Contest::takes_another_server(const Contestant& contestant) const {
  static const Installation kAnother("directory", "https://another.example.org");
  static const std::string kCertificate = [] {
    const RunningServer server(kAnother);
    return field(json_of(server.get("/v1/server").body), "public_key");
  }();
  contestant.person->tidy_up();
  must(contestant, "ask for a challenge");
  write_file(contestant.person->file("server.asc"), kCertificate);
  contestant.person->set("SERVER_KEY", kAnother.fingerprint());
  const bool taken = step(contestant, "open and verify").exit_code == 0;
  contestant.person->set("SERVER_KEY", installation_.fingerprint());
  return taken;
}

// The reason that the log gives for the last refusal since then.
std::string Contest::reason_in_log(std::size_t from) const {
  static const std::regex kReason(R"re( (?:reason|code)=([a-z_]+))re");
  std::string reason;
  const auto is_there = [&] {
    const std::string log = server_.log().substr(from);
    for (std::sregex_iterator found(log.begin(), log.end(), kReason), end; found != end; ++found) reason = (*found)[1];
    return !reason.empty();
  };
  return comes_true(is_there) ? reason : "without a reason";
}

std::string Contest::log_in(Contestant& contestant, SignatureForm form) const {
  const bool clear = form == SignatureForm::clear_signed;
  const ProgramRun made = step(contestant, clear ? "clear-sign" : "sign detached");
  if (made.exit_code != 0) return "not offered: " + answer_of(made);
  const auto read = [&](const char* name) { return read_file(contestant.person->file(name)); };
  contestant.evidence.push_back(
      {read("statement.txt"), read(clear ? "response.asc" : "signature.asc"), form, auth::SystemClock().now()});
  // From a source of its own, for the log tells of the first refusal of a source and counts those that follow.
  static int source = 0;
  write_file(contestant.person->file("../home/.curlrc"),
             "header = \"X-Forwarded-For: 192.0.2." + std::to_string(++source % 250) + "\"\n");
  const std::size_t logged = server_.log().size();
  const std::string answering = clear ? "answer clear-signed" : "answer detached";
  const ProgramRun answered = common(contestant, answering);
  if (answered.exit_code != 0) return "failed: " + described(answering, answered);
  const Json reply = json_of(answered.output);
  if (reply.find("token") == nullptr) return "refused: " + reason_in_log(logged);
  const std::string token = field(reply, "token");
  const bool ours = field(reply, "username") == contestant.account;
  return ours && server_.session_status(token) == 200 ? "login" : "failed: the session is not this person's";
}

Cells Contest::run(Contestant& contestant) const {
  if (!contestant.not_made.empty()) {
    const std::string cell = "not offered: " + contestant.not_made;
    return {cell, cell, cell, cell};
  }
  const std::string refused = enrol(contestant);
  if (!refused.empty()) {
    const std::string cell = "refused: " + refused;
    return {cell, cell, cell, cell};
  }
  contestant.person->set("NAME", contestant.account);
  contestant.person->set("URL", server_.url());
  contestant.person->set("SERVER", installation_.server());
  contestant.person->set("SERVER_KEY", installation_.fingerprint());

  Cells cells;
  cells.opens = open(contestant, "open");
  cells.clear_signed = cells.opens == "yes" ? log_in(contestant, SignatureForm::clear_signed) : cells.opens;

  if (!contestant.tried_another_server) {
    contestant.tried_another_server = true;
    if (takes_another_server(contestant)) cells.verifies = "failed: it takes another server's certificate";
  }
  must(contestant, "fetch the server's certificate");
  const std::string verified = open(contestant, "open and verify");
  if (cells.verifies.empty()) cells.verifies = verified;
  const bool opened = verified == "yes" || open(contestant, "open") == "yes";
  cells.detached = opened ? log_in(contestant, SignatureForm::detached) : cells.opens;
  return cells;
}

// Java does not come up where /proc is not mounted.
bool runs_here(const std::string& program) {
  return program != "pgpainless-cli" || fs::exists("/proc/self/stat");
}

// The rows of the page's table that can be seen on this machine.
std::vector<std::string> table_here(const ProgramsPage& page) {
  std::vector<std::string> lines;
  for (const std::string& line : page.table) {
    if (runs_here(line.substr(2, line.find(" |") - 2))) lines.push_back(line);
  }
  return lines;
}

std::vector<Contestant> contestants_of(const ProgramsPage& page) {
  std::vector<Contestant> all;
  for (const Recipe& recipe : page.recipes) {
    if (!runs_here(recipe.program)) {
      WARN(recipe.program << " does not run here: /proc is not mounted");
      continue;
    }
    for (const std::string& key : recipe.keys) {
      Contestant contestant{&recipe, key, "person " + std::to_string(all.size())};
      ProgramUser& person = *contestant.person;
      person.set("SCRIPTS", openpgpjs_folder().string());
      const ProgramRun made = person.run(recipe.steps.at("make a key: " + key));
      const bool is_there = fs::exists(person.file("alice.asc"));
      if (made.exit_code != 0) contestant.not_made = answer_of(made);
      if (made.exit_code == 0 && !is_there) contestant.not_made = "no certificate";
      all.push_back(std::move(contestant));
    }
  }
  return all;
}

// As a text, so that two engines can be compared and the difference be seen.
std::string described(const KeyFacts& key) {
  return key.fingerprint.upper() + " " + key.algorithm + " " + format_time(key.created_at) + " " +
         (key.expires_at ? format_time(*key.expires_at) : "never") + (key.revoked ? " revoked" : "") +
         (key.bound ? "" : " unbound") + (key.can_certify ? " certifies" : "") + (key.can_sign ? " signs" : "") +
         (key.can_encrypt ? " encrypts" : "");
}

std::string described(const CertificateVerdict& verdict) {
  std::string out = verdict.code + "\n";
  if (!verdict.facts) return out;
  out += described(verdict.facts->primary) + "\n";
  for (const KeyFacts& subkey : verdict.facts->subkeys) out += described(subkey) + "\n";
  for (const std::string& user_id : verdict.facts->user_ids) out += user_id + "\n";
  return out;
}

// What a program made means the same to every engine, whichever of them it was made for.
void check_of_one_mind(const Contestant& contestant) {
  INFO(contestant.recipe->program << ", " << contestant.key);
  const Instant now = auth::SystemClock().now();
  const std::string certificate = read_file(contestant.person->file("alice.asc"));
  std::string first;
  for (const Engine& engine : kEngines) {
    INFO(engine.name);
    const auto openpgp = open_without_key(engine);
    const std::string facts = described(judge_certificate_text(*openpgp, certificate, now));
    if (first.empty()) first = facts;
    CHECK(facts == first);
    for (const Evidence& each : contestant.evidence) {
      CHECK(judge_signature_text(*openpgp, gated(certificate), each.statement, each.signature, each.form, each.at) ==
            "accepted");
    }
  }
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace

TEST_CASE("every OpenPGP program logs in as the page on programs says it does") {
  const ProgramsPage page = read_programs_page(read_file(page_path()));
  std::vector<Contestant> contestants = contestants_of(page);
  Matrix matrix;
  for (const Contestant& each : contestants) matrix.push_back({each.recipe->program, each.key, {}});
  for (const Engine& engine : kEngines) {
    const Installation installation;
    const RunningServer server(installation,
                               {"--openpgp", engine.name, "--rate-limit", "off", "--trusted-proxy", "127.0.0.1/32"});
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      try {
        matrix[i].engines.emplace_back(engine.name, Contest(page, installation, server).run(contestants[i]));
      } catch (const std::exception& failure) {
        const std::string cell = std::string("failed: ") + failure.what();
        matrix[i].engines.emplace_back(engine.name, Cells{cell, cell, cell, cell});
      }
    }
  }
  std::cout << every_cell(matrix);
  INFO("what was seen:\n" << joined(table_of(matrix)));
  CHECK(table_of(matrix) == table_here(page));
  for (const Contestant& each : contestants) {
    if (each.not_made.empty()) check_of_one_mind(each);
  }
}

TEST_CASE("the page on programs has every program and key and engine and no cell that says nothing") {
  const ProgramsPage page = read_programs_page(read_file(page_path()));
  std::vector<std::pair<std::string, std::vector<std::string>>> programs;
  for (const Recipe& recipe : page.recipes) programs.emplace_back(recipe.program, recipe.keys);
  CHECK(programs == kPrograms);
  std::string engines;
  for (const Engine& engine : kEngines) engines += (engines.empty() ? "`" : ", `") + std::string(engine.name) + "`";
  CHECK(page.text.find("each of the server's engines (" + engines + ")") != std::string::npos);

  static const std::regex kCell("yes|login|refused: [a-z_]+|not offered: .+ \\([0-9]+\\)");
  for (const std::string& line : page.table) {
    INFO(line);
    std::vector<std::string> cells;
    for (std::size_t at = 2, end = 0; (end = line.find(" |", at)) != std::string::npos; at = end + 3) {
      cells.push_back(line.substr(at, end - at));
    }
    REQUIRE(cells.size() == 6);
    for (std::size_t i = 2; i < cells.size(); ++i) CHECK(std::regex_match(cells[i], kCell));
  }
}

TEST_CASE("where OpenPGP.js cannot be fetched the reason is said") {
  const ScratchFolder folder;
  // Nothing listens there, and nothing is kept from an earlier fetch.
  const ProgramRun run = run_program({COUNTERSIGN_SOURCE "/tests/interop/npm_install",
                                      COUNTERSIGN_SOURCE "/tests/interop/openpgpjs", folder.path() / "js"},
                                     {},
                                     {"npm_config_registry=http://127.0.0.1:9", "npm_config_fetch_retries=0",
                                      "npm_config_cache=" + (folder.path() / "cache").string()});
  CHECK(run.exit_code == 1);
  CHECK(run.error.find("openpgpjs") != std::string::npos);
  CHECK(!fs::exists(folder.path() / "js/node_modules/installed-lock.json"));
}

TEST_CASE("OpenPGP.js is pinned by its hash and the pin names no place to fetch it from") {
  const std::string lock = read_file(COUNTERSIGN_SOURCE "/tests/interop/openpgpjs/package-lock.json");
  CHECK(lock.find("\"integrity\": \"sha512-") != std::string::npos);
  CHECK(lock.find("resolved") == std::string::npos);
  CHECK(lock.find("://") == std::string::npos);
}
