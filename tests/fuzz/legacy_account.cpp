// The predecessor's files of one account: texts with a NUL between them, each behind the digit of its part. Whatever
// they are, what is taken over is whole, never both hashes, and no secret key that lies open.
#include "auth/accounts/legacy_account.hpp"

#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/passwords/legacy_hash.hpp"
#include "auth/passwords/phc_string.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;
using namespace countersign::auth;

namespace {

constexpr std::string_view kAccount = "c4bccb28276358edca206023a36fca5bd305ae3c79175e2397c0bddbb1ff8240";

accounts::LegacyFiles files_of(std::string_view all) {
  accounts::LegacyFiles files;
  while (!all.empty()) {
    const std::string_view one = all.substr(0, all.find('\0'));
    all.remove_prefix(std::min(all.size(), one.size() + 1));
    if (one.empty() || one[0] < '0' || one[0] > '5') continue;
    files.insert_or_assign(records::kAccountParts[static_cast<std::size_t>(one[0] - '0')],
                           Secret(as_bytes(one.substr(1))));
  }
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const accounts::LegacyFiles files = files_of(as_text({data, size_bytes}));
  const accounts::LegacyAccount judged = accounts::judge_legacy(kAccount, files);
  FUZZ_CHECK(judged.password.empty() || judged.legacy_password.empty());
  FUZZ_CHECK(judged.legacy_password.empty() || !files.contains(records::AccountPart::password));
  FUZZ_CHECK(judged.password.empty() || passwords::parse_phc_string(judged.password.reveal_text()).has_value());
  FUZZ_CHECK(judged.legacy_password.empty() ||
             passwords::LegacyHash::parse(judged.legacy_password.reveal_text()).has_value());
  if (!judged.certificate) {
    FUZZ_CHECK(judged.oddities.size() == 1 && fate_of(judged.oddities.front()) == accounts::LegacyFate::left_out);
    FUZZ_CHECK(judged.password.empty() && judged.legacy_password.empty() && judged.escrowed_key.empty());
    return 0;
  }
  FUZZ_CHECK(!judged.revocation || files.contains(records::AccountPart::revocation));
  if (!judged.escrowed_key.empty()) {
    const auto facts = openpgp::gate::inspect_secret_key(judged.escrowed_key.reveal_text());
    FUZZ_CHECK(facts && facts->is_encrypted && facts->fingerprint == judged.certificate->fingerprint());
  }
  return 0;
}
