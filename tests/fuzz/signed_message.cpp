// The inside of a challenge, as a client's GnuPG hands it out. What passes can be put together again.
#include "auth/openpgp/gate/signed_message.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = openpgp::gate::take_signed_message({data, size});
  if (!message) return 0;
  const Bytes key_block = message->key_block ? message->key_block->packets() : Bytes();
  const auto made =
      openpgp::gate::make_signed_message(message->text, message->signature.packets(), key_block, message->successions);
  if (!made) std::abort();
  const auto again = openpgp::gate::take_signed_message(*made);
  if (!again || again->text != message->text) std::abort();
  if (again->signature.packets() != message->signature.packets()) std::abort();
  if (again->key_block.has_value() != message->key_block.has_value()) std::abort();
  return 0;
}
