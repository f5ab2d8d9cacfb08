#include "storage/medium.hpp"

#include "storage/base/text.hpp"

namespace countersign::storage {
namespace {

constexpr std::size_t kPage = 500;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

Status check_name(std::string_view name) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::malformed_name, std::string(why) + ": " + escape_for_display(name));
  };
  if (name.empty() || name.size() > kNameBytesMax) return refuse("a name has 1 to 200 bytes");
  std::string_view rest = name;
  while (true) {
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return refuse("a part is empty or made of dots");
    for (const char c : part) {
      if (!is_name_character(c)) return refuse("a character is not one of a-z 0-9 . _ -");
    }
    if (slash == std::string_view::npos) return ok();
    rest.remove_prefix(slash + 1);
  }
}

std::vector<std::string_view> folders_of(std::string_view name) {
  std::vector<std::string_view> folders;
  for (auto slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
    folders.push_back(name.substr(0, slash));
  }
  return folders;
}

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
