// Whatever is read as an invite says the same when it is written and read again.
#include "auth/records/invite_text.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const auto invite = auth::records::parse_invite_text(as_text({data, size_bytes}));
  // No stranger's text makes a client speak of an invite that it did not read.
  if (!invite) {
    const Face face = face_of(invite.error().code);
    FUZZ_CHECK(face == Face::malformed || face == Face::conflict);
    return 0;
  }
  const Secret line = auth::records::write_invite_text(*invite);
  FUZZ_CHECK(line.reveal_text().find('\n') == std::string_view::npos);
  const auto again = auth::records::parse_invite_text(line.reveal_text());
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(auth::records::write_invite_text(*again).reveal_text() == line.reveal_text());
  return 0;
}
