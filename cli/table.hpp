// A list as a table for people: as wide as the terminal, and no wider.
//
// Ids, which are long lower-case hex, are shown by their first digits, as many as tell those of one column apart and 8
// at least; fingerprints too where the table is else too wide. Columns for which there is no room are left out, the
// last ones first, and what is still too long is cut and ends in "...".
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "storage/base/json.hpp"

namespace countersign::cli {

inline constexpr std::size_t kColumnsUnknown = 80;  // what is not known to be wider has to fit these

struct TableShape {
  std::size_t columns = kColumnsUnknown;
  bool full = false;  // everything whole, as wide as it gets
};

// A line of the members' names, and one for each object, in which "-" stands for what an object does not have. Foreign
// text is escaped.
std::string table_text(const Json::Array& rows, const TableShape& shape);
// The rows with these members first, where they have them, and the others behind: what is to be seen on a narrow
// terminal too.
Json with_first(const Json& rows, std::initializer_list<std::string_view> names);

// A value that is no object, in a line: "-" for null, "yes" and "no", lists joined by commas. Foreign text is escaped.
std::string scalar_text(const Json& json);
// Columns are counted in code points: near enough for names, and never wrong for ASCII.
std::size_t columns_of(std::string_view text);
std::string padded(std::string text, std::size_t columns);
// At most so many columns; "..." at the end says that it was longer.
std::string cut(const std::string& text, std::size_t columns);
// With LF and without blanks at the end.
std::string trimmed_line(std::string line);

}  // namespace countersign::cli
