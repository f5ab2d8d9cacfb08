// A user at their machine: a GnuPG home with a key, a configuration folder, and the whole program run in this process.
// Beside them a server that seals what a test wants, with a key of librnp.
#pragma once

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/records/session_grant.hpp"
#include "auth/records/statement.hpp"
#include "cli/exit_code.hpp"
#include "tests/support/gnupg_home.hpp"

namespace countersign::test {

struct CommandRun {
  cli::ExitCode exit_code = cli::ExitCode::failed;
  std::string out;
  std::string err;
};

class ClientDesk {
 public:
  ClientDesk();
  ~ClientDesk();

  CommandRun run(const std::vector<std::string>& arguments, const std::string& input = {});
  GnupgHome& home() { return home_; }
  const std::string& key() const { return key_; }
  std::string certificate() { return home_.export_public(key_); }

 private:
  GnupgHome home_;
  std::string key_;
  std::string config_;
};

class SealingServer {
 public:
  explicit SealingServer(std::string name);

  const std::string& name() const { return name_; }
  const auth::Fingerprint& key() const { return key_; }
  auth::openpgp::OpenPgp& engine() { return *engine_; }

  // A login statement by this server for the desk's key, good now and for five minutes.
  auth::records::Statement statement(ClientDesk& desk, const std::string& username) const;
  auth::records::SessionGrant grant(const std::string& username) const;
  std::string seal(ClientDesk& desk, std::string_view text);
  // Is it a clear-signed response by the desk's key over exactly this statement, as a server would judge it?
  Status judge(ClientDesk& desk, std::string_view response, const auth::records::Statement& statement);

 private:
  std::string name_;
  std::unique_ptr<auth::openpgp::rnp::RnpOpenPgp> engine_;
  auth::Fingerprint key_;
};

}  // namespace countersign::test
