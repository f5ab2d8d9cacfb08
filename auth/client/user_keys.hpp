// The user's own keys, where they live: a program of the user's opens and signs, this one never sees a secret key.
#pragma once

#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::client {

// May ask the user for a passphrase, a PIN or a touch. For one thread at a time.
class UserKeys {
 public:
  virtual ~UserKeys() = default;

  // Takes the encryption off one armored OpenPGP message and returns the packets inside, signatures unchecked: they are
  // for take_signed_message. Only of a message that was integrity protected and decrypted as a whole. not_found where
  // it is encrypted to none of the user's keys, gnupg_failed (with what to do).
  virtual Result<Secret> open(std::string_view message) = 0;

  // The text clear-signed (RFC 4880 §7) with the certificate of that primary fingerprint; the program chooses which of
  // its keys signs. Ask only with a text that was checked. not_found where the user does not hold its secret key,
  // gnupg_failed.
  virtual Result<std::string> clear_sign(std::string_view text, const Fingerprint& key) = 0;

  // What in the program's settings may be why a signature of its is refused: lines to stand beneath an error, each with
  // the file and line that it is about. Empty where nothing is known.
  virtual std::string words_on_signing() const = 0;

  // The certificate of that primary fingerprint, armored, without others' signatures. not_found, gnupg_failed.
  virtual Result<std::string> certificate(const Fingerprint& key) = 0;
};

}  // namespace countersign::auth::client
