#include "auth/openpgp/gnupg/tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "auth/openpgp/gnupg/agent.hpp"
#include "auth/openpgp/gnupg/gpgme_handles.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

// The next word of a line, taken off it.
std::string_view take_word(std::string_view& line) {
  const auto end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

bool is_keygrip(std::string_view word) {
  return word.size() == 40 && std::all_of(word.begin(), word.end(),
                                          [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
}

}  // namespace

TokensAtHand read_tokens(std::string_view answer) {
  TokensAtHand tokens;
  while (!answer.empty()) {
    const auto end = std::min(answer.find('\n'), answer.size());
    std::string_view line = answer.substr(0, end);
    answer.remove_prefix(std::min(end + 1, answer.size()));
    const std::string_view status = take_word(line);
    if (status == "ERR") {
      const std::string_view error = take_word(line);
      gpgme_error_t number = 0;
      std::from_chars(error.data(), error.data() + error.size(), number);
      tokens.without_daemon = gpgme_err_code(number) == GPG_ERR_NO_SCDAEMON;
    }
    if (status != "S") continue;
    const std::string_view keyword = take_word(line);
    const std::string_view value = take_word(line);
    if (keyword == "APPTYPE") tokens.by_pkcs11 = value == "PKCS11";
    if (keyword != "KEYPAIRINFO" || !is_keygrip(value)) continue;
    std::string grip(value);
    std::transform(grip.begin(), grip.end(), grip.begin(), [](unsigned char c) { return std::toupper(c); });
    tokens.keygrips.insert(std::move(grip));
  }
  return tokens;
}

Result<TokensAtHand> find_tokens(const std::string& home, ErrorCode code) {
  const Secret answer = TRY(ask_agent(home, "SCD LEARN --force", code));
  return read_tokens(answer.reveal_text());
}

std::string words_on_missing_token(const TokensAtHand& tokens, std::string_view fingerprint, const char* card) {
  const std::string which = card == nullptr || *card == '\0' ? std::string() : fmt::format(" (card {})", card);
  if (tokens.without_daemon) {
    return fmt::format(
        "the key {} is in a token{}, and GnuPG has no smart card daemon to reach it with; install the package "
        "`scdaemon`, or name another with `scdaemon-program` in gpg-agent.conf, then run `gpgconf --kill gpg-agent`",
        fingerprint, which);
  }
  return fmt::format(
      "the key {} is in a token that is not there{}; plug it in and try again (`gpg --card-status` shows what is "
      "there)",
      fingerprint, which);
}

}  // namespace countersign::auth::openpgp::gnupg
