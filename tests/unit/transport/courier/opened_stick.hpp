// What the tests of the courier folder share.
#pragma once

#include <catch2/catch.hpp>

#include <optional>
#include <string_view>
#include <utility>

#include "tests/support/courier_stick.hpp"
#include "transport/courier/courier_folder.hpp"
#include "transport/courier/courier_name.hpp"

namespace countersign::test {

inline constexpr std::string_view kName = "a.response.asc";

inline transport::courier::CourierFolder opened(const CourierStick& stick) {
  auto folder = transport::courier::CourierFolder::open(stick.text_path());
  if (!folder) FAIL(folder.error().detail);
  return *std::move(folder);
}

// Nothing where it did not fail.
template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

inline std::optional<ErrorCode> code_of_reading(const CourierStick& stick) {
  return code_of(opened(stick).read(transport::courier::Place::inbox, kName));
}

inline bool is_response(std::string_view name) {
  return transport::courier::inbox_kind(name) == transport::courier::InboxKind::response;
}

}  // namespace countersign::test
