#include "auth/openpgp/enrollable.hpp"

#include "auth/openpgp/policy.hpp"

namespace countersign::auth::openpgp {
namespace {

// An expired key is a denied proof in a login; at enrolment its owner is told. A dispute keeps a name of its own, so
// that it is counted.
tl::unexpected<Error> refused(const Error& error) {
  const Face face = face_of(error.code);
  if (face == Face::malformed || face == Face::unavailable) return tl::unexpected<Error>(error);
  if (error.code == ErrorCode::engines_disagree) {
    return fail(ErrorCode::certificate_disputed,
                "two OpenPGP programs read this key differently, so it is not taken: " + error.detail +
                    "; a freshly exported or a new key may help");
  }
  return fail(ErrorCode::certificate_refused, std::string(name_of(error.code)) + ": " + error.detail);
}

// What is missing in a certificate may be in it, and not understood here.
Error with_what_was_left_out(Error error, const gate::GatedCertificate& certificate) {
  const char* before = "; left out of it was ";
  for (const std::string& what : certificate.left_out()) {
    error.detail += before + what;
    before = "; ";
  }
  return error;
}

}  // namespace

Result<Enrollable> check_enrollable(OpenPgp& engine, std::string_view text, std::size_t read_bytes_max, Instant now) {
  auto certificate = TRY(gate::admit_certificate(text, read_bytes_max));
  auto facts = engine.inspect(certificate, now);
  if (!facts) return refused(facts.error());
  const Status judged = judge_certificate(*facts, now);
  if (!judged) return refused(with_what_was_left_out(judged.error(), certificate));
  auto key = choose_encryption_key(*facts, now);
  if (!key) return refused(with_what_was_left_out(key.error(), certificate));
  std::vector<std::string> left_out = certificate.left_out();
  for (std::string& line : unaccepted_subkeys(*facts, now)) left_out.push_back(std::move(line));
  return Enrollable{std::move(certificate), *std::move(facts), *std::move(key), std::move(left_out)};
}

}  // namespace countersign::auth::openpgp
