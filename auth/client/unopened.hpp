// Why a message was opened by none of the user's keys.
//
// Of a message with a hidden recipient gpg tries each secret key, and says "no secret key" at the end also where it
// was meant for one whose prompt was cancelled, whose PIN was wrong, or whose token is not there. To tell these from
// a message for somebody else, each key that could have been meant is tried on a message of our own, asking nobody. A
// key that was made after the time of the machine's clock is used by gpg for nothing, and is told by its date.
#pragma once

#include <gpgme.h>

#include <string>
#include <string_view>

#include "storage/base/result.hpp"

namespace countersign::auth::client {

// What gpg said while it decrypted. A context that is followed runs nothing once the log has ended.
class DecryptionLog {
 public:
  void follow(gpgme_ctx_t context);

  bool asked() const { return asked_; }
  // Was it encrypted to a key at all?
  bool is_encrypted() const { return encrypted_; }
  // A recipient that is hidden, with its algorithm: RSA, or a curve's.
  bool hidden_rsa() const { return hidden_rsa_; }
  bool hidden_curve() const { return hidden_curve_; }
  // Why a key that was named did not decrypt; 0 where none was.
  gpgme_error_t key_error() const { return key_error_; }

 private:
  void take(std::string_view keyword, std::string_view arguments);

  bool asked_ = false;
  bool encrypted_ = false;
  bool hidden_rsa_ = false;
  bool hidden_curve_ = false;
  gpgme_error_t key_error_ = 0;
};

// not_found where it is for none of the keys in that home; gnupg_failed, with what to do, where one that could have
// been meant was out of reach.
Error why_unopened(const std::string& home, const DecryptionLog& log);

// What to say where that key failed: that its token is not there, that it is of the future, else the words on the
// error.
std::string words_on_key(const std::string& home, std::string_view what, gpgme_error_t error, gpgme_key_t key);

}  // namespace countersign::auth::client
