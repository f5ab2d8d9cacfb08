#include "tests/support/signed_by_server.hpp"

#include <stdexcept>

#include "auth/openpgp/gate/signed_message.hpp"

namespace countersign::test {

using auth::Fingerprint;

ServerKeys::ServerKeys() {
  home_.set_time("20260101T000000");
  server_ = Fingerprint::parse(home_.make_key("ed25519", "server")).value();
  other_ = Fingerprint::parse(home_.make_key("ed25519", "other")).value();
}

Bytes ServerKeys::message(std::string_view text, const Fingerprint& signer, const Fingerprint& key_block,
                          const std::string& signed_at) {
  home_.set_time(signed_at);
  const std::string signature = home_.detach_sign(signer.upper(), text);
  std::string certificate;
  if (key_block != Fingerprint{}) certificate = home_.export_public_binary(key_block.upper());
  const auto made = auth::openpgp::gate::make_signed_message(
      text, auth::openpgp::gate::admit_signature(signature).value().packets(), as_bytes(certificate));
  if (!made) throw std::runtime_error(made.error().detail);
  return *made;
}

auth::records::Statement ServerKeys::statement() const {
  auth::records::Statement statement;
  statement.server = kServerName;
  statement.server_key = server_;
  statement.account = "e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4";
  statement.key = Fingerprint::parse(kAccountKeyDigits).value();
  statement.challenge = base64url(as_bytes("a sealed challenge, opaque to the client"));
  statement.nonce = base64url(Bytes(32, 0x5a));
  statement.issued_at = parse_time("2026-11-21T17:20:00Z").value();
  statement.expires_at = statement.issued_at + Seconds(300);
  return statement;
}

}  // namespace countersign::test
