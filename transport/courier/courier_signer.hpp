// The user's side of a courier folder, on the air-gapped machine: challenges and grants to read, responses to write. It
// opens and signs nothing; that is the business of who calls.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.hpp"
#include "transport/courier/courier_folder.hpp"

namespace countersign::transport::courier {

struct CourierFile {
  std::string id;
  Result<std::string> text;  // armored; or file_incomplete, file_refused, message_too_large, storage_unavailable
};

struct CourierFiles {
  std::vector<CourierFile> files;  // in byte order of their ids, at most kScanFilesMax
  std::size_t beyond = 0;          // more of them, over that limit
};

// The challenges that nobody answered yet: there is neither a whole response in the inbox, nor one in inbox/done, nor
// an answer to one in the outbox. file_refused, storage_unavailable.
Result<CourierFiles> read_challenges(CourierFolder& folder);
// The session grants. file_refused, storage_unavailable.
Result<CourierFiles> read_grants(CourierFolder& folder);
// The servers' certificates as they came with the stick, in byte order of their files' names: good for nothing until
// their fingerprints were compared by other means. Each is a text, or file_incomplete, and as CourierFolder::read.
// file_refused, storage_unavailable.
Result<std::vector<Result<std::string>>> read_server_certificates(CourierFolder& folder);

// Writes inbox/<id>.response.asc, and makes the inbox where it is absent. malformed_name for what is no id;
// file_incomplete for what would be taken as cut off; and as CourierFolder::write.
Status write_response(CourierFolder& folder, std::string_view id, std::string_view text);

}  // namespace countersign::transport::courier
