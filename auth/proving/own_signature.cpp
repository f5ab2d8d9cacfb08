#include "auth/proving/own_signature.hpp"

#include "auth/openpgp/acceptance.hpp"

namespace countersign::auth::proving {
namespace {
constexpr Seconds kSignedWithin{60};
}

Status verify_own_signature(const Context& context, std::string_view what, const SignedHere& file,
                            std::string_view text, Instant now) {
  if (file.store != hex(context.identity.store()) || file.server != context.identity.name()) {
    return fail(ErrorCode::file_refused, std::string(what) + " is of another server or another store");
  }
  const std::string* armored = context.identity.certificate_of(file.server_key);
  if (armored == nullptr) {
    return fail(ErrorCode::signature_by_another_key, std::string(what) + " is not by this server's key");
  }
  const auto certificate = TRY(openpgp::gate::admit_certificate(*armored, openpgp::gate::kCertificateReadBytesMax));
  const auto signature = TRY(openpgp::gate::admit_signature(file.signature));
  TRY(openpgp::accept_signature(context.engine, certificate, text, signature, openpgp::SignatureForm::detached,
                                {file.made_at - kSignedWithin, file.made_at + kSignedWithin}, now));
  return ok();
}

}  // namespace countersign::auth::proving
