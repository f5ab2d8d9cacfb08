#include "auth/openpgp/both_openpgp.hpp"

#include <utility>

#include "auth/base/log.hpp"
#include "auth/openpgp/agreement.hpp"

namespace countersign::auth::openpgp {
namespace {

template <class Facts>
bool is_unavailable(const Result<Facts>& facts) {
  return !facts && face_of(facts.error().code) == Face::unavailable;
}

// An engine that does not answer has no opinion; without it there is no second one.
tl::unexpected<Error> unavailable(const std::string& engine, const Error& error) {
  return fail(ErrorCode::openpgp_unavailable, engine + ": " + error.detail);
}

tl::unexpected<Error> one_refuses(const std::string& reader, const std::string& refuser, const Error& refusal) {
  return fail(ErrorCode::engines_disagree,
              reader + " reads the certificate, " + refuser + " refuses it: " + refusal.detail);
}

}  // namespace

BothOpenPgp::BothOpenPgp(Engine holder, Engine other) : holder_(std::move(holder)), other_(std::move(other)) {}

template <class Facts>
Result<Facts> BothOpenPgp::judge(const gate::GatedCertificate& certificate, const Result<Facts>& first,
                                 const Result<Facts>& second) const {
  if (is_unavailable(first)) return unavailable(holder_.name, first.error());
  if (is_unavailable(second)) return unavailable(other_.name, second.error());
  if (!first && !second) return first;
  Result<Facts> both = !first    ? one_refuses(other_.name, holder_.name, first.error())
                       : !second ? one_refuses(holder_.name, other_.name, second.error())
                                 : agree(EngineNames{holder_.name, other_.name}, *first, *second);
  if (!both) {
    // Where registration is open a stranger can bring certificates without end that the engines read differently.
    const std::string fingerprint = certificate.fingerprint().upper();
    log_grouped(LogLevel::alarm, name_of(both.error().code), {},
                {{"certificate", fingerprint}, {"detail", both.error().detail}});
  }
  return both;
}

Result<CertificateFacts> BothOpenPgp::inspect(const gate::GatedCertificate& certificate, Instant now) {
  const auto first = holder_.openpgp->inspect(certificate, now);
  const auto second = other_.openpgp->inspect(certificate, now);
  return judge(certificate, first, second);
}

Result<std::string> BothOpenPgp::seal(const SealRequest& request) {
  return holder_.openpgp->seal(request);
}

Result<std::string> BothOpenPgp::sign(std::string_view text, Instant now) {
  return holder_.openpgp->sign(text, now);
}

Result<SignatureFacts> BothOpenPgp::verify(const gate::GatedCertificate& certificate, ByteView message,
                                           const gate::GatedSignature& signature, Instant now) {
  const auto first = holder_.openpgp->verify(certificate, message, signature, now);
  const auto second = other_.openpgp->verify(certificate, message, signature, now);
  return judge(certificate, first, second);
}

Result<GeneratedKey> BothOpenPgp::generate(const KeyRequest& request) {
  return holder_.openpgp->generate(request);
}

}  // namespace countersign::auth::openpgp
