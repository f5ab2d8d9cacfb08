#include "storage/directory_journal.hpp"

#include <charconv>
#include <optional>
#include <string>

namespace countersign::storage {
namespace {

constexpr std::string_view kFirstLine = "countersign-journal-v1";

class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  // The next line without its LF; nullopt where none ends.
  std::optional<std::string_view> line() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  std::optional<std::string_view> take(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
};

// Nothing but what encode_journal writes survives the comparison in decode_journal, so this needs to be safe, not
// strict.
std::optional<Batch> parse(std::string_view text) {
  Cursor cursor(text);
  if (!cursor.line() || !cursor.line()) return std::nullopt;
  Batch batch;
  while (true) {
    const auto line = cursor.line();
    if (!line) return std::nullopt;
    if (line->starts_with("end ")) return batch;
    if (line->starts_with("erase ")) {
      batch.erase(std::string(line->substr(6)));
      continue;
    }
    if (!line->starts_with("put ")) return std::nullopt;
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(line->data() + 4, line->data() + line->size(), size);
    if (error != std::errc() || end == line->data() + line->size() || *end != ' ') return std::nullopt;
    const auto bytes = cursor.take(size);
    if (!bytes || !cursor.take(1)) return std::nullopt;
    batch.put(std::string(end + 1, line->data() + line->size()), as_bytes(*bytes));
  }
}

}  // namespace

Bytes encode_journal(std::string_view store_id, const Batch& batch) {
  Bytes out;
  const auto add = [&](std::string_view text) { append(out, as_bytes(text)); };
  add(kFirstLine);
  add("\nstore ");
  add(store_id);
  add("\n");
  for (const auto& [name, bytes] : batch.changes()) {
    if (!bytes) {
      add("erase " + name + "\n");
      continue;
    }
    add("put " + std::to_string(bytes->size()) + " " + name + "\n");
    append(out, *bytes);
    add("\n");
  }
  const std::string digest = hex(sha256(out));
  add("end " + digest + "\n");
  return out;
}

Result<Batch> decode_journal(std::string_view store_id, ByteView journal) {
  const std::string_view text = as_text(journal);
  const auto unreadable = [](const char* why) {
    return fail(ErrorCode::record_unreadable, std::string("the journal of a stopped commit ") + why);
  };
  if (!text.starts_with(std::string(kFirstLine) + "\n")) return unreadable("is of no known version");
  if (!text.starts_with(std::string(kFirstLine) + "\nstore " + std::string(store_id) + "\n")) {
    return unreadable("is another store's");
  }
  std::optional<Batch> batch = parse(text);
  if (!batch || !batch->check()) return unreadable("is damaged");
  const Bytes again = encode_journal(store_id, *batch);
  if (as_text(again) != text) return unreadable("is damaged");
  return *std::move(batch);
}

}  // namespace countersign::storage
