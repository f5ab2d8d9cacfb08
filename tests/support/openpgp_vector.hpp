// A vector of fixtures/vectors/openpgp: one certificate or one signature, and the verdict that it gets.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "auth/openpgp/acceptance.hpp"
#include "storage/base/time.hpp"

namespace countersign::test {

struct OpenPgpVector {
  std::string name;  // of the file, without its folder
  std::string role;  // "certificate", "signature"
  std::string reason;
  std::string made_by;
  Instant now{};
  std::string expect;                   // "accepted", or the code of the refusal
  std::optional<std::size_t> user_ids;  // of a certificate: how many are told
  std::string certificate;              // of a signature: the certificate vector that it is held against
  auth::openpgp::SignatureForm form{};  // of a signature
  std::string text;                     // what a stranger hands in
};

// Every file of the folder that its role is named after, by name. Throws on an unknown header, a header that is missing
// or stands twice, and whatever else cannot be read.
std::vector<OpenPgpVector> read_certificate_vectors();
std::vector<OpenPgpVector> read_signature_vectors();
// Throws on a file beside them that no vector test opens.
void check_vector_folder();
// What every signature vector signs, or says it does.
std::string vector_statement();

// Gate, engine and policy: "accepted", or the code of the refusal. The facts are those of the engine, where it got that
// far.
struct CertificateVerdict {
  std::string code;
  std::optional<auth::openpgp::CertificateFacts> facts;
};
CertificateVerdict judge_certificate_text(auth::openpgp::OpenPgp& engine, std::string_view text, Instant now);
// The same for a signature, over `statement`, by the certificate. The window is five minutes around `now`.
std::string judge_signature_text(auth::openpgp::OpenPgp& engine,
                                 const auth::openpgp::gate::GatedCertificate& certificate, std::string_view statement,
                                 std::string_view text, auth::openpgp::SignatureForm form, Instant now);

}  // namespace countersign::test
