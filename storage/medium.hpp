// The storage medium: names, bytes, and one atomic commit.
//
// A name is one or more parts of [a-z0-9._-] joined by '/', at most 200 bytes; no part is "." or "..", none is empty.
// A value is at most 1 MiB. No name is another's folder ("a" and "a/b" never exist together).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/batch.hpp"

namespace countersign::storage {

inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::size_t kValueBytesMax = 1u << 20;

struct Entry {
  Bytes bytes;
  Version version;
};

// Every method may be called by any thread at any time, and by several processes on one medium where it is persistent.
class Medium {
 public:
  virtual ~Medium() = default;

  // Fails with not_found, malformed_name, storage_unavailable, or record_unreadable where the medium itself is damaged.
  virtual Result<Entry> read(std::string_view name) = 0;

  // Names that begin with `prefix` and come after `after`, in byte order, at most `limit`. To go on, pass the last one
  // as `after`; to begin, pass "". Fails with storage_unavailable or record_unreadable. Two calls are no snapshot.
  virtual Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) = 0;

  // Every change or none, durable when it returns. Fails with conflict when a precondition does not hold (nothing
  // changed) or a put would make a name another's folder; malformed_name or message_too_large; storage_unavailable,
  // after which the batch may or may not have taken effect.
  virtual Status commit(const Batch& batch) = 0;
};

// malformed_name.
Status check_name(std::string_view name);
// The names that may not exist beside this one, outermost first: of "a/b/c", "a" and "a/b".
std::vector<std::string_view> folders_of(std::string_view name);
// read(), with absence as a value.
Result<std::optional<Entry>> find(Medium& medium, std::string_view name);
// Shows every name under `prefix` after `after` to `visit`, in byte order, page by page, until that says false or
// fails. What comes or goes meanwhile is seen or not. As list(), and what `visit` fails with.
Status visit_names(Medium& medium, std::string_view prefix, std::string after,
                   const std::function<Result<bool>(const std::string& name)>& visit);

}  // namespace countersign::storage
