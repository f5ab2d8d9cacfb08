#include "auth/records/printed_secret.hpp"

#include "storage/base/bytes.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::size_t kPrintedSecretBytes = 32;
constexpr std::size_t kPrintedSecretDigits = 43;

}  // namespace

Result<Secret> make_printed_secret(Rng& rng, std::string_view prefix) {
  const Secret random = TRY(random_secret(rng, kPrintedSecretBytes));
  std::string text;
  text.reserve(prefix.size() + kPrintedSecretDigits);
  text += prefix;
  std::string encoded = base64url(random.reveal());
  text += encoded;
  wipe(encoded);
  return Secret::take(text);
}

bool is_printed_secret(std::string_view text, std::string_view prefix) {
  return text.size() == prefix.size() + kPrintedSecretDigits && text.starts_with(prefix) &&
         from_base64url(text.substr(prefix.size()));
}

}  // namespace countersign::auth::records
