#include "auth/openpgp/rnp/handles.hpp"

#include <rnp/rnp_err.h>

#include <algorithm>

namespace countersign::auth::openpgp::rnp {
namespace {

constexpr std::size_t kOutputBytesMax = 1u << 20;
constexpr const char* kWeakHashes[] = {"MD5", "SHA1", "RIPEMD160", "SHA224", "SM3"};

// librnp's own rules let SHA-1 pass in self-signatures made before 2024.
Status set_hash_rules(rnp_ffi_t ffi, Reading reading) {
  std::size_t removed = 0;
  TRY(check(rnp_remove_security_rule(ffi, nullptr, nullptr, 0, 0, 0, &removed), "rnp_remove_security_rule"));
  if (reading == Reading::any_hash) return ok();
  for (const char* const hash : kWeakHashes) {
    TRY(check(rnp_add_security_rule(ffi, RNP_FEATURE_HASH_ALG, hash, RNP_SECURITY_OVERRIDE | RNP_SECURITY_VERIFY_KEY, 0,
                                    RNP_SECURITY_PROHIBITED),
              "rnp_add_security_rule"));
  }
  return ok();
}

bool read_nothing(void*, void*, std::size_t, std::size_t* read) {
  *read = 0;
  return true;
}

}  // namespace

Status check(rnp_result_t result, std::string_view call, ErrorCode code) {
  if (result == RNP_SUCCESS) return ok();
  const char* const words = rnp_result_to_string(result);
  // Says nothing about what was given.
  if (result == RNP_ERROR_OUT_OF_MEMORY) code = ErrorCode::openpgp_unavailable;
  return fail(code, std::string(call) + ": " + (words == nullptr ? "unknown" : words));
}

Status check(rnp_result_t result, std::string_view call) {
  return check(result, call, ErrorCode::openpgp_unavailable);
}

Result<Ffi> make_ffi(Reading reading, Instant now) {
  rnp_ffi_t raw = nullptr;
  const rnp_result_t result = rnp_ffi_create(&raw, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG);
  Ffi ffi(raw);
  TRY(check(result, "rnp_ffi_create"));
  TRY(set_hash_rules(ffi.get(), reading));
  TRY(set_time(ffi.get(), now));
  return ffi;
}

// Zero would mean the system's clock.
Status set_time(rnp_ffi_t ffi, Instant now) {
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(unix_seconds(now), 1));
  return check(rnp_set_timestamp(ffi, seconds), "rnp_set_timestamp");
}

Status load_keys(rnp_ffi_t ffi, ByteView packets, std::uint32_t flags) {
  const Input input = TRY(input_of(packets));
  return check(rnp_load_keys(ffi, RNP_KEYSTORE_GPG, input.get(), flags), "rnp_load_keys",
               ErrorCode::certificate_refused);
}

// librnp takes no memory of zero bytes, but a stream that ends at once.
Result<Input> input_of(ByteView bytes) {
  rnp_input_t raw = nullptr;
  const rnp_result_t result = bytes.empty() ? rnp_input_from_callback(&raw, &read_nothing, nullptr, nullptr)
                                            : rnp_input_from_memory(&raw, bytes.data(), bytes.size(), false);
  Input input(raw);
  TRY(check(result, "rnp_input_from_memory"));
  return input;
}

Result<Output> memory_output() {
  rnp_output_t raw = nullptr;
  const rnp_result_t result = rnp_output_to_memory(&raw, kOutputBytesMax);
  Output output(raw);
  TRY(check(result, "rnp_output_to_memory"));
  return output;
}

Result<Bytes> bytes_of(const Output& output) {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  TRY(check(rnp_output_memory_get_buf(output.get(), &data, &size, false), "rnp_output_memory_get_buf"));
  return Bytes(data, data + size);
}

Result<Key> find_key(rnp_ffi_t ffi, const Fingerprint& fingerprint) {
  rnp_key_handle_t raw = nullptr;
  const rnp_result_t result = rnp_locate_key(ffi, "fingerprint", fingerprint.upper().c_str(), &raw);
  Key key(raw);
  TRY(check(result, "rnp_locate_key"));
  if (!key) return fail(ErrorCode::certificate_refused, "librnp did not take the key " + fingerprint.upper());
  return key;
}

Result<Fingerprint> fingerprint_of(rnp_key_handle_t key) {
  return Fingerprint::parse(TRY(text_of(&rnp_key_get_fprint, key, "rnp_key_get_fprint")));
}

}  // namespace countersign::auth::openpgp::rnp
