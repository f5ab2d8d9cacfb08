#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "auth/records/id_prefixes.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {
namespace {

constexpr std::size_t kCellBytesMax = 64u << 10;
constexpr std::size_t kGap = 2;
// What a column is not cut below while there are others to leave out: a word as it is, a text by its beginning.
constexpr std::size_t kWordColumns = 20;
constexpr std::size_t kTextColumns = 12;
constexpr std::string_view kCutMark = "...";

constexpr std::size_t kIdDigitsMin = 32;  // of a session; an account has 64
constexpr std::size_t kFingerprintDigits = 40;

bool is_id(std::string_view cell) {
  return cell.size() >= kIdDigitsMin && is_lower_hex(cell, cell.size());
}

bool is_fingerprint(std::string_view cell) {
  return cell.size() == kFingerprintDigits && cell.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

struct Column {
  std::vector<std::string> cells;  // the first is its name
  std::size_t width = 0;
  bool is_text = false;

  void measure() {
    width = 0;
    for (const std::string& cell : cells) width = std::max(width, columns_of(cell));
    is_text = std::any_of(cells.begin(), cells.end(),
                          [](const std::string& cell) { return cell.find(' ') != std::string::npos; });
  }
  // Where it has nothing else in it.
  void shorten(bool (*is_one)(std::string_view)) {
    std::vector<std::string_view> ids;
    for (auto cell = cells.begin() + 1; cell != cells.end(); ++cell) {
      if (is_one(*cell)) {
        ids.push_back(*cell);
      } else if (!cell->empty() && *cell != "-") {
        return;
      }
    }
    const std::size_t digits = auth::records::digits_to_tell_apart(ids);
    for (auto cell = cells.begin() + 1; cell != cells.end(); ++cell) cell->resize(std::min(cell->size(), digits));
    measure();
  }
  std::size_t least() const { return std::min(width, is_text ? kTextColumns : kWordColumns); }
};
using Columns = std::vector<Column>;

Columns columns_in(const Json::Array& rows) {
  std::vector<std::string> names;
  for (const Json& row : rows) {
    for (const auto& member : *row.members()) {
      if (std::find(names.begin(), names.end(), member.first) == names.end()) names.push_back(member.first);
    }
  }
  Columns columns;
  for (const std::string& name : names) {
    Column column;
    column.cells.push_back(escape_for_display(name));
    for (const Json& row : rows) {
      const Json* value = row.find(name);
      column.cells.push_back(value == nullptr ? "-" : scalar_text(*value));
    }
    column.measure();
    columns.push_back(std::move(column));
  }
  return columns;
}

template <class Width>
std::size_t total(const Columns& columns, const Width& width) {
  std::size_t sum = kGap * (columns.size() - 1);
  for (const Column& column : columns) sum += width(column);
  return sum;
}

void fit(Columns& columns, std::size_t available) {
  const auto width = [](const Column& column) { return column.width; };
  for (Column& column : columns) column.shorten(is_id);
  if (total(columns, width) > available) {
    for (Column& column : columns) column.shorten(is_fingerprint);
  }
  while (columns.size() > 1 && total(columns, [](const Column& column) { return column.least(); }) > available) {
    columns.pop_back();
  }
  if (columns.size() == 1) columns.front().width = std::min(columns.front().width, available);
  // The longest of those that are longer than they have to be.
  const auto spare = [](const Column& column) { return column.width > column.least() ? column.width : 0; };
  while (total(columns, width) > available) {
    --std::max_element(columns.begin(), columns.end(), [&](const Column& a, const Column& b) {
        return spare(a) < spare(b);
      })->width;
  }
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  const auto points = code_points(text);
  return points ? points->size() : text.size();
}

std::string padded(std::string text, std::size_t columns) {
  const std::size_t used = columns_of(text);
  if (used < columns) text.append(columns - used, ' ');
  return text;
}

std::string cut(const std::string& text, std::size_t columns) {
  auto points = code_points(text);
  if (!points || points->size() <= columns) return text;
  points->resize(columns - std::min(columns, kCutMark.size()));
  return to_utf8(*points) + std::string(kCutMark.substr(0, columns));
}

std::string trimmed_line(std::string line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + "\n";
}

std::string scalar_text(const Json& json) {
  if (json.is_null()) return "-";
  if (const bool* value = json.boolean()) return *value ? "yes" : "no";
  if (const std::int64_t* value = json.integer()) return fmt::format("{}", *value);
  if (const std::string* value = json.string()) return escape_for_display(*value, kCellBytesMax);
  if (const Json::Array* items = json.items()) {
    std::string out;
    for (const Json& item : *items) out += (out.empty() ? "" : ", ") + scalar_text(item);
    return out;
  }
  return escape_for_display(write_json(json), kCellBytesMax);
}

std::string table_text(const Json::Array& rows, const TableShape& shape) {
  Columns columns = columns_in(rows);
  if (columns.empty()) return {};
  if (!shape.full) fit(columns, shape.columns);
  std::string out;
  for (std::size_t line = 0; line <= rows.size(); ++line) {
    std::string text;
    for (const Column& column : columns) text += padded(cut(column.cells[line], column.width), column.width + kGap);
    out += trimmed_line(std::move(text));
  }
  return out;
}

Json with_first(const Json& rows, std::initializer_list<std::string_view> names) {
  Json out = Json::array();
  for (const Json& row : *rows.items()) {
    Json ordered = Json::object();
    for (const std::string_view name : names) {
      if (const Json* value = row.find(name)) ordered.set(std::string(name), *value);
    }
    for (const auto& [name, value] : *row.members()) ordered.set(name, value);
    out.push(std::move(ordered));
  }
  return out;
}

}  // namespace countersign::cli
