// What a server would seal, without the encryption: messages of any text, signed by keys of a throwaway GnuPG at any
// time.
#pragma once

#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "auth/records/statement.hpp"
#include "storage/base/bytes.hpp"
#include "tests/support/gnupg_home.hpp"

namespace countersign::test {

// Times are of a past that never changes: keys from 2026-01-01, statements of 2026-11-21T17:20:00Z for five minutes.
class ServerKeys {
 public:
  ServerKeys();

  GnupgHome& home() { return home_; }
  const auth::Fingerprint& server() const { return server_; }
  const auth::Fingerprint& other() const { return other_; }  // another server, or whoever

  // One-pass signature, text, signature by `signer`, with the certificate of `key_block` along (all zero: none).
  Bytes message(std::string_view text, const auth::Fingerprint& signer, const auth::Fingerprint& key_block,
                const std::string& signed_at = "20261121T172000!");
  Bytes message(const auth::records::Statement& statement) {
    return message(write_statement(statement), server_, server_);
  }

  // A login statement of this server that is good at its time.
  auth::records::Statement statement() const;

 private:
  GnupgHome home_;
  auth::Fingerprint server_;
  auth::Fingerprint other_;
};

inline constexpr const char* kServerName = "https://auth.example.org";
inline constexpr const char* kAccountKeyDigits = "7E83D657744F8AD2656B40035C27A52981F1F86B";

}  // namespace countersign::test
