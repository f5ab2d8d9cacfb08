#include "auth/passwords/password_hashes.hpp"

#include "storage/base/hash.hpp"

namespace countersign::auth::passwords {
namespace {

constexpr std::string_view kPepperInfo = "countersign pepper v1";
constexpr std::size_t kPepperBytes = 32;

}  // namespace

std::string PasswordHashes::current_pepper_key() const {
  return policy_.pepper ? secrets_.newest_record_key().id : std::string();
}

Result<Secret> PasswordHashes::pepper_of(const std::string& key_id) const {
  if (key_id.empty()) return Secret();
  const secrets::SecretKey* key = secrets_.find_record_key(key_id);
  if (key == nullptr) return fail(ErrorCode::secret_missing, "a password's pepper names record key " + key_id);
  return hkdf_sha256(key->key, as_bytes(kPepperInfo), kPepperBytes);
}

Result<HashedPassword> PasswordHashes::make(const Password& password) {
  PhcString phc;
  phc.parameters = policy_.parameters;
  phc.salt = TRY(random_bytes(rng_, kSaltBytes));
  HashedPassword made;
  made.pepper_key = current_pepper_key();
  const Secret pepper = TRY(pepper_of(made.pepper_key));
  phc.tag = TRY(hasher_.hash({password.normal(), phc.salt, phc.parameters, pepper}));
  made.phc = write_phc_string(phc);
  return made;
}

Result<bool> PasswordHashes::matches(const Secret& text, const PhcString& phc, const Secret& pepper) {
  const Secret tag = TRY(hasher_.hash({text, phc.salt, phc.parameters, pepper}));
  return equal_constant_time(tag.reveal(), phc.tag.reveal());
}

Result<HashedForm> PasswordHashes::verify(const Password& password, const PhcString& phc,
                                          const std::string& pepper_key) {
  const Secret pepper = TRY(pepper_of(pepper_key));
  if (TRY(matches(password.normal(), phc, pepper))) return HashedForm::normal;
  if (!password.came_normal() && TRY(matches(password.given(), phc, pepper))) return HashedForm::as_typed;
  return fail(ErrorCode::password_wrong);
}

Status PasswordHashes::verify_none(const Password& password) {
  if (!password.came_normal()) TRY(make(password));
  return ok();
}

bool PasswordHashes::is_outdated(const PhcString& phc, const std::string& pepper_key) const {
  const Argon2Parameters& now = policy_.parameters;
  const Argon2Parameters& then = phc.parameters;
  return then.memory_kib < now.memory_kib || then.passes < now.passes || then.lanes < now.lanes ||
         pepper_key != current_pepper_key();
}

}  // namespace countersign::auth::passwords
