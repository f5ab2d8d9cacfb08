#include "auth/client/gpg_conf.hpp"

#include <fmt/format.h>
#include <gpgme.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "storage/base/text.hpp"

namespace countersign::auth::client {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

bool always(std::string_view) {
  return true;
}

// A value of its own, else one of a list: servers take no other hash.
bool has_refused_hash(std::string_view value) {
  const auto is_taken = [](std::string_view name) {
    constexpr std::array<std::string_view, 6> kTaken = {"sha256", "sha384", "sha512", "h8", "h9", "h10"};
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), lower_ascii);
    return name.empty() || std::find(kTaken.begin(), kTaken.end(), lower) != kTaken.end();
  };
  const auto names = split(value, ' ');
  return !std::all_of(names.begin(), names.end(), is_taken);
}

// RFC 4880 §5.2.3.1: who does not understand it must not take the signature.
bool is_critical(std::string_view value) {
  return value.starts_with('!');
}

bool keeps_from_asking(std::string_view value) {
  return value != "ask" && value != "default";
}

bool forbids_curves(std::string_view value) {
  return value != "gnupg" && value != "openpgp" && value != "rfc4880" && value != "rfc4880bis" && value != "rfc2440";
}

struct Option {
  std::string_view name;
  bool opening;
  bool signing;
  bool (*is_in_the_way)(std::string_view value);
  std::string_view effect;
};

constexpr std::string_view kMarksSignatures = "marks signatures with what a server must refuse";
constexpr std::string_view kChoosesHash = "can choose a hash that servers refuse: they take SHA256, SHA384 and SHA512";
constexpr std::string_view kForbids = "can forbid what the key or the message is made with";
constexpr std::string_view kAnotherCommand = "is a command, which gpg runs in place of what it is asked";

// What GnuPG 2.2 and 2.4 do of each ("GPG Options" in their manual).
// clang-format off
constexpr std::array kOptions = {
    Option{"agent-program",               true,  true,  always,            "names another gpg-agent"},
    Option{"clear-sign",                  true,  false, always,            kAnotherCommand},
    Option{"clearsign",                   true,  false, always,            kAnotherCommand},
    Option{"compliance",                  true,  true,  forbids_curves,    kForbids},
    Option{"decrypt",                     true,  true,  always,            kAnotherCommand},
    Option{"detach-sign",                 true,  true,  always,            kAnotherCommand},
    Option{"digest-algo",                 false, true,  has_refused_hash,  kChoosesHash},
    Option{"disable-cipher-algo",         true,  false, always,            kForbids},
    Option{"disable-pubkey-algo",         true,  true,  always,            kForbids},
    Option{"encrypt",                     true,  true,  always,            kAnotherCommand},
    Option{"faked-system-time",           true,  true,  always,            "gives gpg another time than the server's"},
    Option{"gpgconf-list",                true,  true,  always,            kAnotherCommand},
    Option{"include-key-block",           false, true,  always,            kMarksSignatures},
    Option{"list-keys",                   true,  true,  always,            kAnotherCommand},
    Option{"list-only",                   true,  false, always,            "keeps gpg from opening anything"},
    Option{"local-user",                  false, true,  always,            "signs with another key as well"},
    Option{"logger-fd",                   true,  true,  always,            "mixes what gpg says with what it makes"},
    Option{"multifile",                   true,  false, always,            "opens files in place of what it is given"},
    Option{"no-armor",                    true,  false, always,            "keeps gpg from reading what is armored"},
    Option{"no-autostart",                true,  true,  always,            "keeps gpg from starting its agent"},
    Option{"no-keyring",                  true,  true,  always,            "keeps your keys from gpg"},
    Option{"not-dash-escaped",            false, true,  always,            "changes what is signed"},
    Option{"output",                      true,  true,  always,            "sends elsewhere what is asked for here"},
    Option{"override-session-key",        true,  false, always,            "opens everything with that key"},
    Option{"personal-digest-preferences", false, true,  has_refused_hash,  kChoosesHash},
    Option{"pinentry-mode",               true,  true,  keeps_from_asking, "keeps gpg from asking for a passphrase or PIN"},
    Option{"set-notation",                false, true,  is_critical,       kMarksSignatures},
    Option{"sig-notation",                false, true,  is_critical,       kMarksSignatures},
    Option{"sign",                        true,  true,  always,            kAnotherCommand},
    Option{"skip-hidden-recipients",      true,  false, always,            "passes over messages that name no key, as challenges do"},
    Option{"verify",                      true,  true,  always,            kAnotherCommand},
    Option{"weak-digest",                 true,  true,  always,            kForbids},
};
// clang-format on

// "2.2.40", "2.2", "2": each with its last part taken off the one before.
std::string_view shorter(std::string_view version) {
  const auto dot = version.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : version.substr(0, dot);
}

std::string version_of_gpg() {
  gpgme_engine_info_t info = nullptr;
  if (gpgme_get_engine_info(&info) != 0) return {};
  for (; info != nullptr; info = info->next) {
    if (info->protocol == GPGME_PROTOCOL_OpenPGP && info->version != nullptr) return info->version;
  }
  return {};
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

}  // namespace

std::vector<ConfLine> lines_in_the_way(std::string_view conf, KeyTask task) {
  std::vector<ConfLine> found;
  std::size_t number = 0;
  for (std::string_view line : split_lines(conf)) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trimmed(line);
    std::string_view name = line;
    if (name.starts_with("--")) name.remove_prefix(2);
    const auto end = std::min(name.find_first_of(" \t="), name.size());
    std::string_view value = trimmed(name.substr(end));
    if (value.starts_with('=')) value = trimmed(value.substr(1));
    name = name.substr(0, end);
    for (const Option& option : kOptions) {
      if (option.name != name || !(task == KeyTask::opening ? option.opening : option.signing)) continue;
      if (option.is_in_the_way(value)) found.push_back({number, std::string(line), option.effect});
    }
  }
  return found;
}

std::filesystem::path conf_file(const std::filesystem::path& home, std::string_view version) {
  std::error_code ignored;
  for (; !version.empty(); version = shorter(version)) {
    auto path = home / ("gpg.conf-" + std::string(version));
    if (std::filesystem::exists(path, ignored)) return path;
  }
  auto path = home / "gpg.conf";
  return std::filesystem::exists(path, ignored) ? path : std::filesystem::path();
}

std::string words_on_conf(const std::string& home, KeyTask task) {
  const char* const own = home.empty() ? gpgme_get_dirinfo("homedir") : home.c_str();
  const std::filesystem::path file = own == nullptr ? std::filesystem::path() : conf_file(own, version_of_gpg());
  if (file.empty()) return {};
  std::string words;
  for (const ConfLine& line : lines_in_the_way(read_all(file), task)) {
    words +=
        fmt::format("\n  {}, line {}: `{}` {}", file.string(), line.number, escape_for_display(line.text), line.effect);
  }
  if (!words.empty()) words += "\n  Put a # before what is in the way, or set GNUPGHOME to another folder.";
  return words;
}

}  // namespace countersign::auth::client
