#include "storage/names.hpp"

#include <string>

#include "storage/base/text.hpp"

namespace countersign::storage {
namespace {

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

}  // namespace countersign::storage
