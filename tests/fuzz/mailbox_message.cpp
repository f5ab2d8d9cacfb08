// Whatever a mailbox says is refused, or within the bounds.
#include "transport/wormhole/mailbox_message.hpp"

#include "storage/base/text.hpp"
#include "tests/support/fuzz.hpp"
#include "transport/wormhole/code.hpp"

using namespace countersign;
using namespace countersign::transport::wormhole;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const auto answer = parse_answer(as_text({data, size_bytes}));
  if (!answer) {
    const ErrorCode code = answer.error().code;
    FUZZ_CHECK(code == ErrorCode::malformed_json || code == ErrorCode::malformed_message ||
               code == ErrorCode::message_too_large);
    return 0;
  }
  if (const auto* welcome = std::get_if<Welcome>(&*answer)) FUZZ_CHECK(!has_unprintable(welcome->error));
  if (const auto* allocated = std::get_if<Allocated>(&*answer)) FUZZ_CHECK(is_nameplate(allocated->nameplate));
  if (const auto* claimed = std::get_if<Claimed>(&*answer)) FUZZ_CHECK(is_mailbox_name(claimed->mailbox));
  if (const auto* error = std::get_if<MailboxError>(&*answer)) FUZZ_CHECK(!has_unprintable(error->reason));
  if (const auto* message = std::get_if<PhaseMessage>(&*answer)) {
    FUZZ_CHECK(is_mailbox_name(message->side) && is_mailbox_name(message->phase));
    FUZZ_CHECK(message->body.size() <= kBodyBytesMax);
    FUZZ_CHECK(write_command(Add{message->phase, message->body}).size() <= kMailboxMessageBytesMax);
  }
  return 0;
}
