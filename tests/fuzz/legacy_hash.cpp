// The first line is a legacy hash, what follows a password: neither breaks the other, and a hash verifies the text that
// it is of and nothing but one text.
#include "auth/passwords/legacy_hash.hpp"

#include "auth/base/account_id.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;
using namespace countersign::auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view all = as_text({data, size_bytes});
  const auto end = all.find('\n');
  const std::string_view line = all.substr(0, end);
  const std::string_view text = end == std::string_view::npos ? std::string_view() : all.substr(end + 1);
  const auto stored = passwords::LegacyHash::parse(line);
  FUZZ_CHECK(stored || stored.error().code == ErrorCode::record_unreadable);
  const auto password = passwords::Password::admit(Secret(as_bytes(text)));
  if (!password) {
    FUZZ_CHECK(password.error().code == ErrorCode::malformed_message);
    return 0;
  }
  const std::string own = lthn(text);
  const auto of_text = passwords::LegacyHash::parse(own);
  FUZZ_CHECK(of_text && of_text->verify(*password));
  if (stored) {
    const bool same = line == own || line == lthn(password->normal().reveal_text());
    FUZZ_CHECK(stored->verify(*password).has_value() == same);
  }
  return 0;
}
