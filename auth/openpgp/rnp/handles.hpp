// librnp's handles with their deleters, and its return codes as Status. For the engine's own files.
#pragma once

#include <rnp/rnp.h>

#include <memory>
#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/handle.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::openpgp::rnp {

using Ffi = std::unique_ptr<rnp_ffi_st, GiveBack<&rnp_ffi_destroy>>;
using Key = std::unique_ptr<rnp_key_handle_st, GiveBack<&rnp_key_handle_destroy>>;
using UserId = std::unique_ptr<rnp_uid_handle_st, GiveBack<&rnp_uid_handle_destroy>>;
using Signature = std::unique_ptr<rnp_signature_handle_st, GiveBack<&rnp_signature_handle_destroy>>;
using Input = std::unique_ptr<rnp_input_st, GiveBack<&rnp_input_destroy>>;
using Output = std::unique_ptr<rnp_output_st, GiveBack<&rnp_output_destroy>>;
using Verify = std::unique_ptr<rnp_op_verify_st, GiveBack<&rnp_op_verify_destroy>>;
using Sign = std::unique_ptr<rnp_op_sign_st, GiveBack<&rnp_op_sign_destroy>>;
using Encrypt = std::unique_ptr<rnp_op_encrypt_st, GiveBack<&rnp_op_encrypt_destroy>>;
using Generate = std::unique_ptr<rnp_op_generate_st, GiveBack<&rnp_op_generate_destroy>>;
using Identifiers = std::unique_ptr<rnp_identifier_iterator_st, GiveBack<&rnp_identifier_iterator_destroy>>;
using Buffer = std::unique_ptr<char, GiveBack<&rnp_buffer_destroy>>;

// ok, or `code` with the call's name and librnp's words; openpgp_unavailable where it ran out of memory.
Status check(rnp_result_t result, std::string_view call, ErrorCode code);
Status check(rnp_result_t result, std::string_view call);  // openpgp_unavailable

// Which self-signatures count: with SHA-2 only, or with any hash. Whoever grants asks the strict reading, whoever takes
// away asks both.
enum class Reading { strict, any_hash };

// An empty keyring at that time.
Result<Ffi> make_ffi(Reading reading, Instant now);
Status set_time(rnp_ffi_t ffi, Instant now);
Status load_keys(rnp_ffi_t ffi, ByteView packets, std::uint32_t flags);

// The bytes have to outlive the input.
Result<Input> input_of(ByteView bytes);
Result<Output> memory_output();
Result<Bytes> bytes_of(const Output& output);

// The handle, or certificate_refused where the keyring does not hold it.
Result<Key> find_key(rnp_ffi_t ffi, const Fingerprint& fingerprint);
Result<Fingerprint> fingerprint_of(rnp_key_handle_t key);

// A string that a getter of librnp hands out, copied.
template <class Handle>
Result<std::string> text_of(rnp_result_t (*get)(Handle, char**), Handle handle, std::string_view call) {
  char* text = nullptr;
  const rnp_result_t result = get(handle, &text);
  const Buffer owned(text);
  if (const Status status = check(result, call); !status) return tl::unexpected<Error>(status.error());
  return std::string(text == nullptr ? "" : text);
}

}  // namespace countersign::auth::openpgp::rnp
