#include "tests/support/openpgp_key.hpp"

#include <rnp/rnp_err.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>

#include "storage/base/bytes.hpp"

namespace countersign::test {
namespace {

using Input = std::unique_ptr<rnp_input_st, GiveBack<&rnp_input_destroy>>;
using Output = std::unique_ptr<rnp_output_st, GiveBack<&rnp_output_destroy>>;
using Sign = std::unique_ptr<rnp_op_sign_st, GiveBack<&rnp_op_sign_destroy>>;
using Text = std::unique_ptr<char, GiveBack<&rnp_buffer_destroy>>;

void check(rnp_result_t result, const char* call) {
  if (result != RNP_SUCCESS) throw std::runtime_error(std::string(call) + ": " + rnp_result_to_string(result));
}

// The text has to outlive the input.
Input input_of(std::string_view text) {
  rnp_input_t input = nullptr;
  check(rnp_input_from_memory(&input, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), false),
        "rnp_input_from_memory");
  return Input(input);
}

Output new_output() {
  rnp_output_t output = nullptr;
  check(rnp_output_to_memory(&output, 0), "rnp_output_to_memory");
  return Output(output);
}

std::string text_of(const Output& output) {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  check(rnp_output_memory_get_buf(output.get(), &data, &size, false), "rnp_output_memory_get_buf");
  return {reinterpret_cast<const char*>(data), size};
}

// Writes the key id into the first packet, a public-key encrypted session key (RFC 4880 §5.1), where it is zero. librnp
// 0.16 tries no key for a recipient that is hidden.
void name_recipient(std::string& packets, const std::array<std::uint8_t, 8>& key_id) {
  const auto octet = [&](std::size_t at) {
    return at < packets.size() ? static_cast<std::uint8_t>(packets[at]) : std::uint8_t{0};
  };
  const bool new_format = (octet(0) & 0x40) != 0;
  const std::size_t length_octets = new_format ? (octet(1) < 192 ? 1 : 2) : (octet(0) & 3) == 0 ? 1 : 2;
  const std::size_t id_at = 1 + length_octets + 1;
  if (packets.size() < id_at + key_id.size() || octet(id_at - 1) != 3) throw std::runtime_error("no such message");
  const auto id = packets.begin() + static_cast<std::ptrdiff_t>(id_at);
  const auto id_end = id + static_cast<std::ptrdiff_t>(key_id.size());
  if (std::all_of(id, id_end, [](char c) { return c == 0; })) std::copy(key_id.begin(), key_id.end(), id);
}

}  // namespace

OpenPgpKey::OpenPgpKey(const std::string& user_id) {
  rnp_ffi_t ffi = nullptr;
  check(rnp_ffi_create(&ffi, "GPG", "GPG"), "rnp_ffi_create");
  ffi_.reset(ffi);
  rnp_key_handle_t primary = nullptr;
  check(rnp_generate_key_ex(ffi, "EDDSA", "ECDH", 0, 0, nullptr, "Curve25519", user_id.c_str(), nullptr, &primary),
        "rnp_generate_key_ex");
  primary_.reset(primary);

  rnp_key_handle_t subkey = nullptr;
  check(rnp_key_get_subkey_at(primary, 0, &subkey), "rnp_key_get_subkey_at");
  const Key encrypting(subkey);
  char* key_id = nullptr;
  check(rnp_key_get_keyid(subkey, &key_id), "rnp_key_get_keyid");
  const Text hex(key_id);
  const auto bytes = from_hex(hex.get());
  if (!bytes || bytes->size() != encryption_key_id_.size()) throw std::runtime_error("librnp's key id is none");
  std::copy(bytes->begin(), bytes->end(), encryption_key_id_.begin());

  const Output output = new_output();
  check(rnp_key_export(primary, output.get(), RNP_KEY_EXPORT_ARMORED | RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS),
        "rnp_key_export");
  certificate_ = text_of(output);
}

std::string OpenPgpKey::open(std::string_view message) const {
  const Output packets = new_output();
  check(rnp_dearmor(input_of(message).get(), packets.get()), "rnp_dearmor");
  std::string named = text_of(packets);
  name_recipient(named, encryption_key_id_);
  const Output opened = new_output();
  check(rnp_decrypt(ffi_.get(), input_of(named).get(), opened.get()), "rnp_decrypt");
  return text_of(opened);
}

std::string OpenPgpKey::clear_sign(std::string_view text, Seconds ahead) const {
  const Input input = input_of(text);
  const Output output = new_output();
  rnp_op_sign_t made = nullptr;
  check(rnp_op_sign_cleartext_create(&made, ffi_.get(), input.get(), output.get()), "rnp_op_sign_cleartext_create");
  const Sign operation(made);
  check(rnp_op_sign_set_hash(made, "SHA256"), "rnp_op_sign_set_hash");
  if (ahead.count() != 0) {
    const auto made_at = static_cast<std::uint32_t>(std::time(nullptr) + ahead.count());
    check(rnp_op_sign_set_creation_time(made, made_at), "rnp_op_sign_set_creation_time");
  }
  check(rnp_op_sign_add_signature(made, primary_.get(), nullptr), "rnp_op_sign_add_signature");
  check(rnp_op_sign_execute(made), "rnp_op_sign_execute");
  return text_of(output);
}

}  // namespace countersign::test
