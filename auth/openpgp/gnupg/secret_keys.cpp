#include "auth/openpgp/gnupg/secret_keys.hpp"

#include "auth/openpgp/gnupg/agent.hpp"
#include "auth/openpgp/gnupg/gpgme_handles.hpp"

namespace countersign::auth::openpgp::gnupg {

Result<std::vector<Fingerprint>> usable_secret_keys(const std::string& home) {
  const Context context = TRY(open_context(home, ErrorCode::gnupg_failed));
  const gpgme_error_t started = gpgme_op_keylist_start(context.get(), nullptr, 1);
  if (started != 0) return fail(ErrorCode::gnupg_failed, words_on("listing the secret keys", started));
  std::vector<Fingerprint> keys;
  gpgme_key_t raw = nullptr;
  while (gpgme_op_keylist_next(context.get(), &raw) == 0) {
    const Key key(raw);
    if (key->revoked != 0 || key->expired != 0 || key->disabled != 0 || key->fpr == nullptr) continue;
    const auto fingerprint = Fingerprint::parse(key->fpr);
    if (fingerprint) keys.push_back(*fingerprint);
  }
  if (keys.empty()) TRY(check_agent(home));
  return keys;
}

}  // namespace countersign::auth::openpgp::gnupg
