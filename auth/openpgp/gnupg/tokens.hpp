// Which keys are in the tokens that are there: smart cards, YubiKeys, and what is reached by PKCS#11, as the smart card
// daemon of a home's gpg-agent sees them. For auth/client as well.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gnupg {

struct TokensAtHand {
  std::set<std::string, std::less<>> keygrips;  // upper case
  // gnupg-pkcs11-scd asks for the PIN of a token that is not there, again and again, until somebody cancels.
  bool by_pkcs11 = false;
  // The agent has no daemon to look with, so nobody knows which tokens are there.
  bool without_daemon = false;
};

// Asks the daemon to look anew; never asks for a PIN. Starts the agent where there is none. Empty where no token is
// there. `code` where the agent cannot be asked. Any thread.
Result<TokensAtHand> find_tokens(const std::string& home, ErrorCode code);

// What the daemon answers to LEARN, as gpg-connect-agent prints it. Pure.
TokensAtHand read_tokens(std::string_view answer);

// That a key's token is not among these, and what to do. `card` is its number, may be null.
std::string words_on_missing_token(const TokensAtHand& tokens, std::string_view fingerprint, const char* card);

}  // namespace countersign::auth::openpgp::gnupg
