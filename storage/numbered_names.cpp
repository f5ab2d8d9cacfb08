#include "storage/numbered_names.hpp"

#include <fmt/format.h>

#include <charconv>

namespace countersign::storage {

std::string numbered_name(std::string_view folder, std::int64_t number) {
  return fmt::format("{}{:020}", folder, number);
}

std::optional<std::int64_t> number_named_in(std::string_view folder, std::string_view name) {
  if (!name.starts_with(folder)) return std::nullopt;
  const std::string_view digits = name.substr(folder.size());
  std::int64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc() || number < 1 || number > kListedNumberMax) return std::nullopt;
  if (numbered_name(folder, number) != name) return std::nullopt;
  return number;
}

}  // namespace countersign::storage
