// In which encoding a file holds its text. A byte order mark says so (Unicode 15 §23.8): editors on Windows put one
// before UTF-8, and PowerShell 5.1 writes UTF-16 with one wherever `>` stands.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/result.hpp"

namespace countersign {

// The text that a file, stdin or a body holds: UTF-8 without its mark, UTF-16 with a mark decoded, and anything else as
// it is, also what is no text. file_incomplete for UTF-16 that ends inside a character; file_refused, with the command
// that mends it, for half a surrogate pair and for what can only be UTF-16 without a mark. No binary OpenPGP data
// begins like any of these. What is not handed back is wiped: it may be a password.
Result<std::string> decode_text(std::string bytes);

// Does decode_text give anything else than these bytes?
bool is_encoded(std::string_view bytes);

// The lines of a stream, each decoded as decode_text would the whole, and without its LF or CR LF. For text too long to
// be held at once.
class TextLines {
 public:
  explicit TextLines(std::istream& in) : in_(in) {}
  // Nothing at the end. Of a longer line no more than `bytes_max` bytes and one are kept.
  std::optional<Result<std::string>> next(std::size_t bytes_max);

 private:
  bool take(std::string& line, std::size_t bytes_max);
  bool get(char& c);

  std::istream& in_;
  bool begun_ = false;
  std::string mark_;   // UTF-16's
  std::string ahead_;  // read already, to see whether it is one
};

}  // namespace countersign
