#include "storage/medium.hpp"

namespace countersign::storage {
namespace {

constexpr std::size_t kPage = 500;

}  // namespace

Result<std::optional<Entry>> find(Medium& medium, std::string_view name) {
  Result<Entry> entry = medium.read(name);
  if (entry) return std::optional<Entry>(*std::move(entry));
  if (entry.error().code == ErrorCode::not_found) return std::optional<Entry>();
  return tl::unexpected<Error>(std::move(entry).error());
}

Status visit_names(Medium& medium, std::string_view prefix, std::string after,
                   const std::function<Result<bool>(const std::string& name)>& visit) {
  while (true) {
    const auto names = TRY(medium.list(prefix, after, kPage));
    for (const std::string& name : names) {
      if (!TRY(visit(name))) return ok();
    }
    if (names.size() < kPage) return ok();
    after = names.back();
  }
}

}  // namespace countersign::storage
