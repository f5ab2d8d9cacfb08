// The names of an enumeration's values, said once and read in both directions.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace countersign {

// One name for each value from First to Last, in their order. A table with a name too few or too many does not compile.
template <auto First, decltype(First) Last>
class EnumNames {
 public:
  using Enum = decltype(First);

  template <class... Names>
  explicit constexpr EnumNames(const Names&... names) : names_{names...} {
    static_assert(sizeof...(names) == kCount);
  }

  // Empty where the value is none of them.
  constexpr std::string_view of(Enum value) const {
    const std::size_t index = static_cast<std::size_t>(value) - static_cast<std::size_t>(First);
    return index < kCount ? names_[index] : std::string_view();
  }

  constexpr std::optional<Enum> find(std::string_view name) const {
    for (std::size_t i = 0; i < kCount; ++i) {
      if (names_[i] == name) return static_cast<Enum>(static_cast<std::size_t>(First) + i);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kCount = static_cast<std::size_t>(Last) - static_cast<std::size_t>(First) + 1;
  std::array<std::string_view, kCount> names_;
};

}  // namespace countersign
