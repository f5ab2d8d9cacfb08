// A request target (RFC 9112 §3.2) in its parts. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace countersign::transport::http {

struct Target {
  std::string_view path;
  std::optional<std::string_view> host;  // of the absolute form
  bool has_query = false;
  std::string_view query;  // behind the question mark
};

Target split_target(std::string_view text);

}  // namespace countersign::transport::http
