// The intent journal of a DirectoryMedium: a batch that has been committed and may not have been applied in full.
//
//   journal = "countersign-journal-v1" LF "store " id LF *change "end " sha256 LF
//   change  = "erase " name LF
//           / "put " size " " name LF size*byte LF
//
// Names are in byte order, each once; size is decimal; sha256 is over all before "end ", in lower-case hex. There is
// one way to write a batch, and no other is read.
#pragma once

#include <cstddef>
#include <string_view>

#include "storage/base/result.hpp"
#include "storage/batch.hpp"

namespace countersign::storage {

inline constexpr std::size_t kJournalBytesMax = 64u << 20;

Bytes encode_journal(std::string_view store_id, const Batch& batch);
// record_unreadable for what is damaged, of another version, or of another store.
Result<Batch> decode_journal(std::string_view store_id, ByteView journal);

}  // namespace countersign::storage
