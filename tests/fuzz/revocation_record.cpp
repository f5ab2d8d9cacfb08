// The revocation record and the list of revocations: what is read once is written and read again as the same.
#include "auth/records/revocation_record.hpp"
#include "auth/keys/revocation_export.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view text = as_text({data, size_bytes});
  if (const auto record = auth::records::parse_revocation(text)) {
    const std::string written = write_json(auth::records::write_revocation(*record));
    const auto again = auth::records::parse_revocation(written);
    FUZZ_CHECK(again.has_value() && write_json(auth::records::write_revocation(*again)) == written);
    FUZZ_CHECK(record->note.size() <= auth::records::kRevocationNoteBytesMax);
    FUZZ_CHECK(auth::records::is_revocation_reason(record->reason));
  } else {
    FUZZ_CHECK(record.error().code == ErrorCode::record_unreadable);
  }
  if (const auto list = auth::keys::parse_export(text)) {
    FUZZ_CHECK(auth::keys::write_export(*list) + list->signature == text);
  } else {
    FUZZ_CHECK(list.error().code == ErrorCode::malformed_message || list.error().code == ErrorCode::unknown_version);
  }
  return 0;
}
