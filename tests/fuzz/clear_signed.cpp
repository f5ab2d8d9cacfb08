// The splitter of text responses. Its pieces are pieces of the input; every proper prefix is incomplete or taken.
#include "auth/openpgp/gate/clear_signed.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "auth/openpgp/gate/armor.hpp"
#include "storage/base/bytes.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  static_cast<void>(openpgp::gate::is_cut_off(text));
  const auto response = openpgp::gate::split_response(text);
  if (!response) return 0;
  if (response->messages.empty() || response->messages.size() > 2) std::abort();
  for (const openpgp::gate::ClearSigned& message : response->messages) {
    if (message.challenge_hint.empty() || text.find(message.signature) == std::string_view::npos) std::abort();
    if (!openpgp::gate::looks_armored(message.signature)) std::abort();
  }
  for (std::size_t cut = 0; cut < size; cut += 1 + size / 16) {
    const auto part = openpgp::gate::split_response(text.substr(0, cut));
    if (!part && part.error().code != ErrorCode::file_incomplete) std::abort();
  }
  return 0;
}
