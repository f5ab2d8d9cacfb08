// The real program: a data folder made by `countersign init`, commands on it, and `countersign serve` as a process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/http_wire.hpp"
#include "tests/support/media.hpp"

namespace countersign::test {

inline constexpr const char* kServerName = "https://auth.example.org";

// Text of a file, and the other way round; what cannot be read or written throws.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text);
// Every regular file beneath, in no order.
std::vector<std::filesystem::path> files_beneath(const std::filesystem::path& folder);
// A member that is text, number or anything else as JSON; throws where it is missing.
std::string field(const Json& json, std::string_view name);
// The JSON of a text; throws where it is none.
Json json_of(std::string_view text);

// A data folder of its own, with the client's folders of known servers beside it. Throws where `init` fails.
class Installation {
 public:
  explicit Installation(const std::string& storage = "sqlite", const std::string& server = kServerName);
  // With more arguments of `init`, run with that GnuPG home.
  Installation(const std::string& storage, const std::string& server, const std::vector<std::string>& arguments,
               const GnupgHome& home);

  const std::filesystem::path& data() const { return data_; }
  std::filesystem::path secrets() const { return data_ / "secrets"; }
  const std::string& fingerprint() const { return fingerprint_; }
  const std::string& server() const { return server_; }
  // Gives a setting that `init` wrote down as a comment this text; throws where it wrote none of that name.
  void set(const std::string& name, const std::string& text) const;
  // Adds lines to the settings; tables last.
  void configure(std::string_view toml);

  // `countersign ARGUMENTS --data ...`, with GNUPGHOME where a home is given.
  ProgramRun run(std::vector<std::string> arguments, std::string_view input = {},
                 const GnupgHome* home = nullptr) const;
  // The same, and stdout; throws where the exit code is not 0.
  std::string must(std::vector<std::string> arguments, std::string_view input = {},
                   const GnupgHome* home = nullptr) const;
  Json json(std::vector<std::string> arguments) const;
  // The account id.
  std::string add_account(const std::string& username, const std::string& certificate) const;
  // Accounts, the sessions of each, and every decision: what a refusal may not change.
  std::string dump() const;
  std::size_t sessions_of(const std::string& username) const;

  // What a child of ours is started with, for shells and other programs.
  std::vector<std::string> environment(const GnupgHome* home) const;
  const std::filesystem::path& folder() const { return scratch_.path(); }

 private:
  ScratchFolder scratch_;
  std::filesystem::path data_;
  std::string server_;
  std::string fingerprint_;
};

// `countersign serve` on a free port, until stopped. Throws where it does not come up.
class RunningServer {
 public:
  explicit RunningServer(const Installation& installation, const std::vector<std::string>& flags = {},
                         const std::vector<std::string>& environment = {});
  ~RunningServer();
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string log() const;
  pid_t pid() const { return child_; }
  // Sends the signal, waits; the exit code, or minus the signal.
  int stop(int signal);

  WireReply get(std::string_view path, std::string_view headers = {}) const;
  WireReply remove(std::string_view path, std::string_view headers = {}) const;
  WireReply post(std::string_view path, std::string_view body, std::string_view headers = {}) const;
  // As curl sends `-d`, as JSON, and as text.
  WireReply post_form(std::string_view path, std::string_view body) const;
  WireReply post_json(std::string_view path, const Json& body) const;
  WireReply post_text(std::string_view path, std::string_view body) const;
  // The status of GET /v1/session with the token.
  int session_status(const std::string& token) const;

 private:
  std::filesystem::path log_;
  pid_t child_ = -1;
  std::uint16_t port_ = 0;
};

// Starts `serve` and waits for it to end by itself: a start that is refused.
ProgramRun refused_start(const Installation& installation, const std::vector<std::string>& flags = {});

// A person with a key of their own.
struct GnupgUser {
  explicit GnupgUser(const std::string& user_id, const std::string& algorithm = "ed25519")
      : key(home.make_key(algorithm, user_id)) {}

  std::string certificate() { return home.export_public(key); }
  // The statement inside a challenge message; throws where gpg does not open it.
  std::string open(std::string_view message);
  // Open and clear-sign.
  std::string answer(std::string_view message) { return home.clearsign(key, open(message)); }
  // The two members of a detached response.
  std::string answer_detached(std::string_view message, const std::vector<std::string>& extra = {});

  GnupgHome home;
  std::string key;
};

// The value of a line `name: value`; throws where there is none.
std::string line_of(std::string_view statement, std::string_view name);

}  // namespace countersign::test
