#include "auth/records/succession.hpp"

#include <algorithm>
#include <array>

#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/gate/key_block.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::uint8_t kPackedVersion = 1;
constexpr std::size_t kSuccessionBytesMax = 1024;
// How far the signature may be dated from the time that the statement itself says.
constexpr Seconds kSignatureWindow{300};
// How far this machine's clock may be behind the server's, as on a courier's way.
constexpr Seconds kClockBehindMax{48 * 3600};

constexpr std::array<std::string_view, 5> kNames = {"server", "from", "to", "issued", "expires"};

Result<Fingerprint> fingerprint_of(std::string_view value) {
  const auto fingerprint = Fingerprint::parse(value);
  if (!fingerprint || fingerprint->upper() != value) return fail(ErrorCode::malformed_statement, "a fingerprint");
  return *fingerprint;
}

void append_field(Bytes& out, ByteView field) {
  append_integer(out, field.size(), 4);
  append(out, field);
}

Result<ByteView> take_field(ByteView& rest) {
  const auto cut = fail(ErrorCode::packet_refused, "a succession is cut off");
  if (rest.size() < 4) return cut;
  std::size_t size = 0;
  for (const std::uint8_t byte : rest.first(4)) size = size << 8 | byte;
  if (size > rest.size() - 4) return cut;
  const ByteView field = rest.subspan(4, size);
  rest = rest.subspan(4 + size);
  return field;
}

tl::unexpected<Error> refuse(const std::string& why) {
  return fail(ErrorCode::server_mismatch, why);
}

// Pure.
Status judge(const Succession& succession, std::string_view server, const Fingerprint& from, Instant now) {
  if (succession.server != server) return refuse("the succession is of another server");
  if (succession.from != from || succession.to == from) return refuse("the succession is of another key");
  const Seconds lifetime = succession.expires_at - succession.issued_at;
  if (lifetime <= Seconds(0) || lifetime > kSuccessionLifetimeMax) {
    return refuse("the succession is made for longer than a year");
  }
  if (now >= succession.expires_at) {
    return refuse("the succession to " + succession.to.upper() + " ended on " + format_time(succession.expires_at) +
                  "; ask the server's administrator for the fingerprint");
  }
  if (now + kClockBehindMax < succession.issued_at) {
    return refuse("the succession was made on " + format_time(succession.issued_at) +
                  ", and this machine's clock says " + format_time(now) + "; set the clock");
  }
  return ok();
}

Result<Succession> follow_one(openpgp::OpenPgp& engine, const SuccessionProof& proof, std::string_view server,
                              const Fingerprint& from, Instant now) {
  Succession succession = TRY(parse_succession(proof.statement));
  TRY(judge(succession, server, from, now));
  const auto certificate =
      TRY(openpgp::gate::admit_certificate(proof.certificate, openpgp::gate::kCertificateKeptBytesMax));
  if (certificate.fingerprint() != from) return refuse("the succession came with another certificate");
  const auto signature = TRY(openpgp::gate::admit_signature(proof.signature));
  TRY(openpgp::accept_signature(engine, certificate, proof.statement, signature, openpgp::SignatureForm::detached,
                                {succession.issued_at - kSignatureWindow, succession.issued_at + kSignatureWindow},
                                succession.issued_at));
  return succession;
}

bool is_from(const SuccessionProof& proof, const Fingerprint& from) {
  const auto succession = parse_succession(proof.statement);
  return succession && succession->from == from;
}

}  // namespace

std::string write_succession(const Succession& succession) {
  std::string out(kSuccessionVersion);
  out += "\nserver: " + succession.server;
  out += "\nfrom: " + succession.from.upper();
  out += "\nto: " + succession.to.upper();
  out += "\nissued: " + format_time(succession.issued_at);
  out += "\nexpires: " + format_time(succession.expires_at);
  out += '\n';
  return out;
}

Result<Succession> parse_succession(std::string_view text) {
  if (text.size() > kSuccessionBytesMax || !text.ends_with('\n')) {
    return fail(ErrorCode::malformed_statement, "not a succession");
  }
  const auto lines = split_lines(text);
  if (lines.front() != kSuccessionVersion) {
    if (lines.front().starts_with("countersign-succession-")) {
      return fail(ErrorCode::unknown_version, std::string(lines.front()));
    }
    return fail(ErrorCode::malformed_statement, "not a succession");
  }
  if (lines.size() != kNames.size() + 1) return fail(ErrorCode::malformed_statement, "a succession has six lines");
  std::array<std::string_view, kNames.size()> values;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const std::string_view line = lines[i + 1];
    if (!line.starts_with(kNames[i]) || !line.substr(kNames[i].size()).starts_with(": ")) {
      return fail(ErrorCode::malformed_statement, "line '" + std::string(kNames[i]) + "' is missing");
    }
    values[i] = line.substr(kNames[i].size() + 2);
    if (values[i].empty() || values[i].front() == ' ' || values[i].back() == ' ' || has_unprintable(values[i])) {
      return fail(ErrorCode::malformed_statement, std::string(kNames[i]));
    }
  }
  Succession out;
  out.server = values[0];
  out.from = TRY(fingerprint_of(values[1]));
  out.to = TRY(fingerprint_of(values[2]));
  const auto issued_at = parse_time(values[3]);
  const auto expires_at = parse_time(values[4]);
  if (!issued_at || !expires_at) return fail(ErrorCode::malformed_statement, "a time");
  out.issued_at = *issued_at;
  out.expires_at = *expires_at;
  return out;
}

Result<Bytes> pack_succession(const SuccessionProof& proof) {
  const auto certificate =
      TRY(openpgp::gate::admit_certificate(proof.certificate, openpgp::gate::kCertificateReadBytesMax));
  const auto signature = TRY(openpgp::gate::admit_signature(proof.signature));
  const Bytes least = signature.issuer() ? TRY(openpgp::gate::minimal_certificate(certificate, *signature.issuer()))
                                         : certificate.packets();
  Bytes out = {kPackedVersion};
  append_field(out, least);
  append_field(out, as_bytes(proof.statement));
  append_field(out, signature.packets());
  return out;
}

Result<SuccessionProof> unpack_succession(ByteView body) {
  if (body.empty()) return fail(ErrorCode::packet_refused, "an empty succession");
  if (body[0] != kPackedVersion) {
    return fail(ErrorCode::unknown_version, "a succession packed in version " + std::to_string(body[0]));
  }
  ByteView rest = body.subspan(1);
  SuccessionProof proof;
  proof.certificate = to_string(TRY(take_field(rest)));
  proof.statement = to_string(TRY(take_field(rest)));
  proof.signature = to_string(TRY(take_field(rest)));
  if (!rest.empty()) return fail(ErrorCode::packet_refused, "something stands after a succession");
  return proof;
}

Result<Followed> follow_successions(openpgp::OpenPgp& engine, std::span<const SuccessionProof> proofs,
                                    std::string_view server, const Fingerprint& known, const Fingerprint& presented,
                                    Instant now) {
  Followed followed{std::string(server), known, known, Instant::max()};
  const std::size_t steps = std::min(proofs.size(), kSuccessionsMax);
  for (std::size_t step = 0; step < steps && followed.to != presented; ++step) {
    const auto proof = std::find_if(proofs.begin(), proofs.end(),
                                    [&](const SuccessionProof& one) { return is_from(one, followed.to); });
    if (proof == proofs.end()) break;
    const auto succession = follow_one(engine, *proof, server, followed.to, now);
    if (!succession) {
      if (succession.error().code == ErrorCode::openpgp_unavailable) return tl::unexpected<Error>(succession.error());
      if (succession.error().code == ErrorCode::server_mismatch) return tl::unexpected<Error>(succession.error());
      return refuse("the succession from " + followed.to.upper() + " does not hold: " +
                    std::string(name_of(succession.error().code)) + ": " + succession.error().detail);
    }
    followed.to = succession->to;
    followed.until = std::min(followed.until, succession->expires_at);
  }
  if (followed.to == presented) return followed;
  return refuse("no succession leads from " + followed.to.upper() + " to " + presented.upper());
}

}  // namespace countersign::auth::records
