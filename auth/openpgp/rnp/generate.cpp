#include "auth/openpgp/rnp/generate.hpp"

#include <string>

#include "auth/openpgp/passphrase.hpp"
#include "auth/openpgp/rnp/handles.hpp"

namespace countersign::auth::openpgp::rnp {
namespace {

// What librnp calls the two halves.
struct Recipe {
  const char* signing;
  const char* signing_curve;  // a null pointer where the algorithm has no curve but a size
  const char* encrypting;
  const char* encrypting_curve;
  std::uint32_t bits;
};

Result<Recipe> recipe_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::ed25519_cv25519:
      return Recipe{"EDDSA", nullptr, "ECDH", "Curve25519", 0};
    case KeyKind::rsa2048:
      return Recipe{"RSA", nullptr, "RSA", nullptr, 2048};
    case KeyKind::rsa3072:
      return Recipe{"RSA", nullptr, "RSA", nullptr, 3072};
    case KeyKind::rsa4096:
      return Recipe{"RSA", nullptr, "RSA", nullptr, 4096};
    case KeyKind::nistp256:
      return Recipe{"ECDSA", "NIST P-256", "ECDH", "NIST P-256", 0};
    case KeyKind::nistp384:
      return Recipe{"ECDSA", "NIST P-384", "ECDH", "NIST P-384", 0};
    case KeyKind::nistp521:
      return Recipe{"ECDSA", "NIST P-521", "ECDH", "NIST P-521", 0};
  }
  return fail(ErrorCode::key_policy, "an unknown kind of key");
}

Status set_material(rnp_op_generate_t operation, const char* curve, std::uint32_t bits) {
  if (curve != nullptr) TRY(check(rnp_op_generate_set_curve(operation, curve), "rnp_op_generate_set_curve"));
  if (bits != 0) TRY(check(rnp_op_generate_set_bits(operation, bits), "rnp_op_generate_set_bits"));
  TRY(check(rnp_op_generate_set_hash(operation, "SHA512"), "rnp_op_generate_set_hash"));
  return check(rnp_op_generate_set_expiration(operation, 0), "rnp_op_generate_set_expiration");
}

Status set_preferences(rnp_op_generate_t operation) {
  for (const char* const hash : {"SHA512", "SHA384", "SHA256"}) {
    TRY(check(rnp_op_generate_add_pref_hash(operation, hash), "rnp_op_generate_add_pref_hash"));
  }
  for (const char* const cipher : {"AES256", "AES192", "AES128"}) {
    TRY(check(rnp_op_generate_add_pref_cipher(operation, cipher), "rnp_op_generate_add_pref_cipher"));
  }
  return check(rnp_op_generate_add_pref_compression(operation, "Uncompressed"), "rnp_op_generate_add_pref_compression");
}

Result<Key> generated_key(rnp_op_generate_t operation) {
  TRY(check(rnp_op_generate_execute(operation), "rnp_op_generate_execute"));
  rnp_key_handle_t raw = nullptr;
  const rnp_result_t result = rnp_op_generate_get_key(operation, &raw);
  Key key(raw);
  TRY(check(result, "rnp_op_generate_get_key"));
  return key;
}

Result<Key> make_primary(rnp_ffi_t ffi, const Recipe& recipe, const std::string& user_id) {
  rnp_op_generate_t raw = nullptr;
  const rnp_result_t result = rnp_op_generate_create(&raw, ffi, recipe.signing);
  const Generate operation(raw);
  TRY(check(result, "rnp_op_generate_create"));
  TRY(set_material(raw, recipe.signing_curve, recipe.bits));
  TRY(set_preferences(raw));
  TRY(check(rnp_op_generate_set_userid(raw, user_id.c_str()), "rnp_op_generate_set_userid"));
  for (const char* const usage : {"certify", "sign"}) {
    TRY(check(rnp_op_generate_add_usage(raw, usage), "rnp_op_generate_add_usage"));
  }
  return generated_key(raw);
}

Result<Key> make_subkey(rnp_ffi_t ffi, const Recipe& recipe, rnp_key_handle_t primary) {
  rnp_op_generate_t raw = nullptr;
  const rnp_result_t result = rnp_op_generate_subkey_create(&raw, ffi, primary, recipe.encrypting);
  const Generate operation(raw);
  TRY(check(result, "rnp_op_generate_subkey_create"));
  TRY(set_material(raw, recipe.encrypting_curve, recipe.bits));
  TRY(check(rnp_op_generate_add_usage(raw, "encrypt"), "rnp_op_generate_add_usage"));
  return generated_key(raw);
}

Result<Secret> export_secret(rnp_key_handle_t key) {
  const Output output = TRY(memory_output());
  TRY(check(rnp_key_export(key, output.get(), RNP_KEY_EXPORT_SECRET | RNP_KEY_EXPORT_SUBKEYS), "rnp_key_export"));
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  TRY(check(rnp_output_memory_get_buf(output.get(), &data, &size, false), "rnp_output_memory_get_buf"));
  Secret secret(ByteView(data, size));
  rnp_buffer_clear(data, size);
  return secret;
}

// librnp takes this number of bytes to hash and none above it, and then says of the key that it were 1024.
constexpr std::size_t kS2kBytes = 65'011'712;

Status protect(rnp_key_handle_t key, const Secret& passphrase) {
  Bytes text(passphrase.reveal().begin(), passphrase.reveal().end());
  text.push_back(0);
  const Secret terminated = Secret::take(text);
  return check(rnp_key_protect(key, reinterpret_cast<const char*>(terminated.reveal().data()), "AES256", "CFB",
                               "SHA512", kS2kBytes),
               "rnp_key_protect");
}

}  // namespace

Result<GeneratedKey> generate(const KeyRequest& request) {
  if (request.passphrase != nullptr) TRY(check_passphrase(*request.passphrase));
  const Recipe recipe = TRY(recipe_of(request.kind));
  const Ffi ffi = TRY(make_ffi(Reading::strict, request.now));
  const Key primary = TRY(make_primary(ffi.get(), recipe, std::string(request.user_id)));
  const Key subkey = TRY(make_subkey(ffi.get(), recipe, primary.get()));
  if (request.passphrase != nullptr) {
    TRY(protect(primary.get(), *request.passphrase));
    TRY(protect(subkey.get(), *request.passphrase));
  }

  GeneratedKey made;
  made.fingerprint = TRY(fingerprint_of(primary.get()));
  made.secret_key = TRY(export_secret(primary.get()));
  const Output output = TRY(memory_output());
  TRY(check(rnp_key_export(primary.get(), output.get(), RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS),
            "rnp_key_export"));
  made.certificate = TRY(bytes_of(output));
  return made;
}

}  // namespace countersign::auth::openpgp::rnp
