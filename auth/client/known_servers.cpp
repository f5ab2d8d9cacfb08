#include "auth/client/known_servers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/client/server_url.hpp"
#include "auth/secrets/private_file.hpp"
#include "storage/base/shell.hpp"
#include "storage/base/text.hpp"
#include "storage/base/text_encoding.hpp"

namespace countersign::auth::client {
namespace {

constexpr std::string_view kVersion = "countersign-known-servers-v1";
constexpr std::string_view kVersionPrefix = "countersign-known-servers-";
constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kServersMax = 10'000;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '#' && !has_unprintable(name) &&
         name.find(' ') == std::string_view::npos;
}

Status check_server(const KnownServer& server) {
  if (!is_name(server.name)) {
    return fail(ErrorCode::malformed_message, "a server's name is 1 to 200 bytes of printable text without blanks");
  }
  if (server.key == Fingerprint{}) return fail(ErrorCode::malformed_message, "the fingerprint is all zero");
  if (!server.url.empty()) TRY(normal_url(server.url));
  return ok();
}

Result<KnownServer> parse_line(std::string_view line) {
  const auto words = split(line, ' ');
  if (words.size() != 2 && words.size() != 3) return fail(ErrorCode::file_refused, "NAME FINGERPRINT [URL]");
  KnownServer server;
  server.name = words[0];
  server.key = TRY(Fingerprint::parse(words[1]));
  if (words.size() == 3) server.url = words[2];
  if (words.size() == 3 && server.url.empty()) return fail(ErrorCode::file_refused, "a blank at the end");
  TRY(check_server(server));
  return server;
}

Status make_folder_of(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path().parent_path(), error);
  if (error) return fail(ErrorCode::storage_unavailable, file.parent_path().string() + ": " + error.message());
  return secrets::make_private_folder(file.parent_path());
}

template <class Change>
Status change_file(const std::filesystem::path& file, Change change) {
  TRY(make_folder_of(file));
  const secrets::FileLock lock = TRY(secrets::FileLock::acquire(file.string() + ".lock"));
  KnownServers servers = TRY(KnownServers::load(file));
  TRY(change(servers));
  return secrets::write_private_file(file, as_bytes(servers.write()));
}

}  // namespace

Result<KnownServers> KnownServers::load(const std::filesystem::path& file) {
  const auto bytes = secrets::read_private_file(file);
  if (!bytes && bytes.error().code == ErrorCode::not_found) return KnownServers{};
  if (!bytes) return fail(ErrorCode::file_refused, bytes.error().detail);
  auto servers = [&]() -> Result<KnownServers> { return parse(TRY(decode_text(std::string(bytes->reveal_text())))); }();
  if (!servers) return fail(servers.error().code, file.string() + ": " + servers.error().detail);
  return servers;
}

Result<KnownServers> KnownServers::parse(std::string_view text) {
  auto lines = split_lines(text);
  // An editor may have put it there.
  for (std::string_view& line : lines) line.remove_suffix(line.ends_with('\r') ? 1 : 0);
  if (lines.empty() || lines.front() != kVersion) {
    if (!lines.empty() && lines.front().starts_with(kVersionPrefix)) {
      return fail(ErrorCode::unknown_version, std::string(lines.front()));
    }
    return fail(ErrorCode::file_refused, "the first line is not " + std::string(kVersion));
  }
  if (text.back() != '\n') return fail(ErrorCode::file_refused, "the last line is cut off");
  KnownServers servers;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty() || lines[i].front() == '#') continue;
    const auto server = parse_line(lines[i]);
    if (!server) return fail(ErrorCode::file_refused, fmt::format("line {}: {}", i + 1, server.error().detail));
    // Two lines of one name would leave it open which of them counts.
    if (servers.find(server->name) != nullptr) {
      return fail(ErrorCode::file_refused, fmt::format("line {}: the name was there before", i + 1));
    }
    const Status trusted = servers.trust(*server);
    if (!trusted) return fail(ErrorCode::file_refused, fmt::format("line {}: {}", i + 1, trusted.error().detail));
  }
  return servers;
}

std::string KnownServers::write() const {
  std::string out(kVersion);
  out += '\n';
  for (const KnownServer& server : servers_) {
    out += server.name + " " + server.key.upper() + (server.url.empty() ? "" : " " + server.url) + "\n";
  }
  return out;
}

const KnownServer* KnownServers::find(std::string_view name) const {
  const auto found =
      std::find_if(servers_.begin(), servers_.end(), [&](const KnownServer& server) { return server.name == name; });
  return found == servers_.end() ? nullptr : &*found;
}

Result<KnownServer> KnownServers::find_at(std::string_view url) const {
  const std::string place = TRY(normal_url(url));
  const KnownServer* found = nullptr;
  for (const KnownServer& server : servers_) {
    if (!is_same_url(server.name, place) && !is_same_url(server.url, place)) continue;
    if (found != nullptr) {
      return fail(ErrorCode::server_mismatch,
                  fmt::format("{} and {} are both known to answer at {}; say which with --server", found->name,
                              server.name, place));
    }
    found = &server;
  }
  if (found == nullptr) return fail(ErrorCode::server_unknown, "no known server answers at " + place);
  return *found;
}

Status KnownServers::trust(const KnownServer& server) {
  TRY(check_server(server));
  const auto place = std::lower_bound(servers_.begin(), servers_.end(), server,
                                      [](const KnownServer& a, const KnownServer& b) { return a.name < b.name; });
  if (place == servers_.end() || place->name != server.name) {
    if (servers_.size() >= kServersMax) return fail(ErrorCode::message_too_large, "too many known servers");
    servers_.insert(place, server);
    return ok();
  }
  if (place->key != server.key) {
    return fail(
        ErrorCode::conflict,
        fmt::format("{} is known with another key, {}; if it really has a new one, run first: countersign server "
                    "forget {}",
                    server.name, place->key.upper(), quoted_for_shell(server.name)));
  }
  place->url = server.url;
  return ok();
}

Status KnownServers::forget(std::string_view name) {
  const KnownServer* known = find(name);
  if (known == nullptr) return fail(ErrorCode::server_unknown, std::string(name));
  servers_.erase(servers_.begin() + (known - servers_.data()));
  return ok();
}

bool KnownServers::follow(std::string_view name, const Fingerprint& from, const Fingerprint& to) {
  for (KnownServer& server : servers_) {
    if (server.name != name || server.key != from) continue;
    server.key = to;
    return true;
  }
  return false;
}

Status trust_server(const std::filesystem::path& file, const KnownServer& server) {
  return change_file(file, [&](KnownServers& servers) { return servers.trust(server); });
}

Status forget_server(const std::filesystem::path& file, std::string_view name) {
  return change_file(file, [&](KnownServers& servers) { return servers.forget(name); });
}

Result<bool> follow_server(const std::filesystem::path& file, std::string_view name, const Fingerprint& from,
                           const Fingerprint& to) {
  bool followed = false;
  TRY(change_file(file, [&](KnownServers& servers) {
    followed = servers.follow(name, from, to);
    return ok();
  }));
  return followed;
}

std::string trust_command(std::string_view name, const Fingerprint& key, std::string_view url) {
  std::string out = "countersign server trust ";
  if (!url.empty()) out += "--url " + quoted_for_shell(url) + " ";
  // So that a name that begins with a dash is no option.
  if (name.starts_with('-')) out += "-- ";
  return out + quoted_for_shell(name) + " " + key.upper();
}

}  // namespace countersign::auth::client
