#include "auth/records/chain_start.hpp"

#include "storage/base/text.hpp"

namespace countersign::auth::records {

std::string archived_name(std::string_view writer) {
  return "archived/" + std::string(writer);
}

Result<ChainHead> find_chain_start(storage::Medium& medium, const secrets::RecordSeal& seal, std::string_view writer) {
  const std::string name = archived_name(writer);
  const auto entry = TRY(find_record(medium, seal, name));
  if (!entry) return ChainHead{0, std::string(64, '0')};
  const auto parse = [&]() -> Result<ChainHead> {
    JsonReader reader(entry->record);
    TRY(secrets::check_record_version(reader));
    ChainHead start;
    start.number = TRY(reader.integer("number"));
    start.hash = TRY(reader.text("hash"));
    TRY(reader.finish());
    if (start.number < 1 || !is_lower_hex(start.hash, 64)) return fail(ErrorCode::malformed_message, "number or hash");
    return start;
  };
  return secrets::understood(name, parse());
}

}  // namespace countersign::auth::records
