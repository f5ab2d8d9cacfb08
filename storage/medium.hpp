// The storage medium: names, bytes, and one atomic commit.
//
// Names have the form of names.hpp, and none is another's folder ("a" and "a/b" never exist together). A value is at
// most 1 MiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/batch.hpp"
#include "storage/names.hpp"

namespace countersign::storage {

struct Entry {
  Bytes bytes;
  Version version;
};

// Equal to another or not, and nothing more can be said of it.
enum class Mark : std::uint64_t {};

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

  // Says cheaply that nothing has changed. What was read between two calls on this object that gave equal marks is
  // still what the store holds at the second call: nobody's batch changed anything in between. So read after the first
  // mark, never before it. Once a commit() that changed something has returned, in any process, the mark is another
  // than any before it; now and then it becomes another though nothing changed. Marks of two objects say nothing of
  // each other. It does not wait for a commit to become durable. Fails with storage_unavailable or record_unreadable,
  // and then nothing is known.
  virtual Result<Mark> mark() = 0;

  // Goes over its own structure, apart from what the records say; takes as long as the medium is large.
  // record_unreadable with what is wrong, storage_unavailable.
  virtual Status check() { return ok(); }
  // What it does for itself now and then, such as giving back space that nothing uses: a piece that keeps nobody
  // waiting for more than some milliseconds. To be called about once a second. As commit().
  virtual Status tidy() { return ok(); }
};

// read(), with absence as a value.
Result<std::optional<Entry>> find(Medium& medium, std::string_view name);
// Shows every name under `prefix` after `after` to `visit`, in byte order, page by page, until that says false or
// fails. What comes or goes meanwhile is seen or not. As list(), and what `visit` fails with.
Status visit_names(Medium& medium, std::string_view prefix, std::string after,
                   const std::function<Result<bool>(const std::string& name)>& visit);

}  // namespace countersign::storage
