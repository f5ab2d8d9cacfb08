// The servers that a user knows, by the fingerprints they typed or confirmed. Nothing a server says of itself gets in
// here.
//
// The file, $XDG_CONFIG_HOME/countersign/known_servers, is text of UTF-8, one LF a line:
//
//   countersign-known-servers-v1
//   NAME FINGERPRINT
//   NAME FINGERPRINT URL
//
// A name is a server's name as statements carry it and holds no blank; the fingerprint is of the server's primary key,
// upper-case hex; the URL is where it answers, if the name is not its URL. Lines that begin with '#' and empty lines
// are read over and are not kept when the file is written again. The file is the user's alone (0600).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "auth/base/fingerprint.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::client {

struct KnownServer {
  std::string name;
  Fingerprint key;
  std::string url;  // empty where the name is the URL

  friend bool operator==(const KnownServer&, const KnownServer&) = default;
};

// For one thread. Two processes that change the file wait for each other; readers see the old file or the new one.
class KnownServers {
 public:
  // An absent file knows nobody. file_refused (mode, owner, a link, not of the form, with the line's number),
  // unknown_version.
  static Result<KnownServers> load(const std::filesystem::path& file);
  static Result<KnownServers> parse(std::string_view text);
  std::string write() const;

  const std::vector<KnownServer>& all() const { return servers_; }
  // A null pointer where the name is not known.
  const KnownServer* find(std::string_view name) const;
  // The one that answers at this URL: by its recorded URL or, where it has none, by its name. What the server there
  // says of itself plays no part in it. malformed_message for no URL, server_unknown, server_mismatch where several
  // answer there.
  Result<KnownServer> find_at(std::string_view url) const;

  // Knowing it again with the same key is fine and replaces the URL. conflict where the name is known with another key:
  // that is for the user to say, by forgetting the old one first. malformed_message for a name or URL that does not
  // fit.
  Status trust(const KnownServer& server);
  // server_unknown.
  Status forget(std::string_view name);
  // See follow_server.
  bool follow(std::string_view name, const Fingerprint& from, const Fingerprint& to);

 private:
  std::vector<KnownServer> servers_;  // in byte order of their names
};

// Load, trust or forget, and save, under a lock. As the methods above, and storage_unavailable.
Status trust_server(const std::filesystem::path& file, const KnownServer& server);
Status forget_server(const std::filesystem::path& file, std::string_view name);
// The server is known by `to` from now on, if it is known by `from`; was it? Only for what a succession led to.
Result<bool> follow_server(const std::filesystem::path& file, std::string_view name, const Fingerprint& from,
                           const Fingerprint& to);

// The command that makes a server known, with every argument quoted for a shell, since the name is foreign text.
std::string trust_command(std::string_view name, const Fingerprint& key, std::string_view url);

}  // namespace countersign::auth::client
