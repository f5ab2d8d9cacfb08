#include "tests/support/engine_comparison.hpp"

#include <algorithm>
#include <vector>

#include "auth/openpgp/gate/clear_signed.hpp"
#include "storage/base/text.hpp"
#include "tests/support/openpgp_vector.hpp"

namespace countersign::test {
namespace {

using namespace auth;
using namespace auth::openpgp;

std::string line_of(const KeyFacts& key, Instant now) {
  std::string line = key.fingerprint.upper() + " " + key.algorithm + " made " + format_time(key.created_at);
  if (key.created_at > now) return line + ", which is still to come";  // what it says of itself means nothing
  if (key.revoked) line += " revoked";
  if (!key.bound) return line + " unbound";  // and when it would end means nothing
  if (key.expires_at) line += " until " + format_time(*key.expires_at);
  if (key.can_certify) line += " certifies";
  if (key.can_sign) line += " signs";
  if (key.can_encrypt) line += " encrypts";
  return line;
}

// In an order of its own: that of the engines means nothing. A subkey that nobody vouches for is as good as none.
std::string text_of(const CertificateFacts& facts, Instant now) {
  std::vector<std::string> lines;
  for (const KeyFacts& subkey : facts.subkeys) {
    if (subkey.bound) lines.push_back("  subkey " + line_of(subkey, now) + "\n");
  }
  for (const std::string& user_id : facts.user_ids) {
    lines.push_back("  user id " + escape_for_display(user_id, 4096) + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string text = "  primary " + line_of(facts.primary, now) + "\n";
  for (const std::string& line : lines) text += line;
  return text;
}

std::string told_by(OpenPgp& engine, std::string_view certificate, Instant now) {
  const CertificateVerdict verdict = judge_certificate_text(engine, certificate, now);
  return verdict.code + "\n" + (verdict.facts ? text_of(*verdict.facts, now) : std::string());
}

std::string differing(const std::string& first, const std::string& second) {
  const std::string out_of_order(name_of(ErrorCode::openpgp_unavailable));
  if (first == second && !first.starts_with(out_of_order)) return {};
  return "one engine says " + first + "\nthe other one says " + second;
}

}  // namespace

std::string EngineComparison::difference(std::string_view certificate, Instant now) {
  if (!openpgp::gate::admit_certificate(certificate, openpgp::gate::kCertificateLocalReadBytesMax)) return {};
  ++certificates_;
  return differing(told_by(first_, certificate, now), told_by(second_, certificate, now));
}

std::string EngineComparison::difference(std::string_view certificate, std::string_view statement,
                                         std::string_view signature, SignatureForm form, Instant now) {
  const auto admitted = openpgp::gate::admit_certificate(certificate, openpgp::gate::kCertificateLocalReadBytesMax);
  if (!admitted) return {};
  ++signatures_;
  return differing(judge_signature_text(first_, *admitted, statement, signature, form, now),
                   judge_signature_text(second_, *admitted, statement, signature, form, now));
}

}  // namespace countersign::test
