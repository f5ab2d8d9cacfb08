#include "transport/http/request_target.hpp"

#include <algorithm>
#include <string>

#include "storage/base/text.hpp"

namespace countersign::transport::http {
namespace {

// Past `http://` or `https://` (RFC 9110 §4.2: in any case); nullopt for another scheme.
std::optional<std::string_view> after_scheme(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) return target.substr(scheme.size());
  }
  return std::nullopt;
}

}  // namespace

Target split_target(std::string_view text) {
  Target target;
  const std::size_t question = std::min(text.find('?'), text.size());
  target.has_query = question < text.size();
  if (target.has_query) target.query = text.substr(question + 1);
  target.path = text.substr(0, question);
  if (const auto absolute = after_scheme(target.path)) {
    const std::size_t slash = std::min(absolute->find('/'), absolute->size());
    target.host = absolute->substr(0, slash);
    target.path = slash < absolute->size() ? absolute->substr(slash) : "/";
  }
  return target;
}

}  // namespace countersign::transport::http
