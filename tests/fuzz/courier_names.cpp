// Names and texts of a courier's files as a stranger may write them: no name that is opened holds a byte outside the
// pattern, no name shown holds a control character, and every name that we make of one is of our own form.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "storage/base/text.hpp"
#include "transport/courier/courier_name.hpp"

using namespace countersign;
using namespace countersign::transport::courier;

namespace {

constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
constexpr std::size_t kShownBytesMax = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view name(reinterpret_cast<const char*>(data), size);

  const std::string shown = escape_for_display(name, kShownBytesMax);
  require(!has_unprintable(shown));
  require(shown.size() <= kShownBytesMax + 3);

  if (inbox_kind(name)) {
    require(name.find_first_not_of(kPlain) == std::string_view::npos);
    require(name.size() <= kInboxNameBytesMax && name.front() != '.' && name.front() != '-');
    require(is_file_id(answer_id(name, name)));
    require(inbox_kind(done_name(name)) == inbox_kind(name));
    require(inbox_kind(done_name_by_text(name, name)) == inbox_kind(name));
    require(done_name(done_name(name)) == done_name(name));
  }
  if (const auto parsed = parse_outbox_name(name)) {
    require(is_file_id(parsed->id));
    require(outbox_name(parsed->id, parsed->kind) == name);
  }
  if (is_whole(name)) {
    require(name.find("-----END PGP ") != std::string_view::npos);
    require(!is_whole(name.substr(0, name.rfind("-----"))));
  }
  return 0;
}
