// Where an audit chain begins: behind the last record that was moved into an archive. The sealed record
// `archived/<writer>`.
#pragma once

#include <string>
#include <string_view>

#include "auth/records/floor.hpp"

namespace countersign::auth::records {

std::string archived_name(std::string_view writer);

// The number and hash of that last record; number 0 where nothing was archived. record_unreadable; as find_record().
Result<ChainHead> find_chain_start(storage::Medium& medium, const secrets::RecordSeal& seal, std::string_view writer);

}  // namespace countersign::auth::records
