// The certificate role: one primary key, and what that key itself says about its user ids and subkeys.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/key_packet.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/self_signature.hpp"
#include "auth/openpgp/gate/signature_packet.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

constexpr std::string_view kExportHint =
    "; export less of it with `gpg --export-options export-minimal --export-filter keep-uid='uid=NAME <ADDRESS>' "
    "--armor --export FINGERPRINT`";

enum class Part { primary, user_id, dropped, subkey };

// Which classes of signature say something about which part (RFC 4880 §5.2.1).
bool belongs_to(Part part, std::uint8_t signature_class) {
  switch (part) {
    case Part::primary:
      return signature_class == 0x1F || signature_class == 0x20;
    case Part::user_id:
      return (signature_class >= 0x10 && signature_class <= 0x13) || signature_class == 0x30;
    case Part::subkey:
      return signature_class == 0x18 || signature_class == 0x28;
    case Part::dropped:
      return false;
  }
  return false;
}

const char* name_of(Part part) {
  switch (part) {
    case Part::primary:
      return "the primary key";
    case Part::user_id:
      return "a user id";
    case Part::subkey:
      return "a subkey";
    case Part::dropped:
      break;
  }
  return "a part";
}

// What every reader passes over wherever it stands: markers (RFC 4880 §5.8), trust (§5.10), padding (RFC 9580 §5.14),
// and tags from 40 on, which are for private use or not critical (§4.3).
bool is_passed_over(std::uint8_t packet_tag) {
  return packet_tag == tag::kMarker || packet_tag == tag::kTrust || packet_tag == tag::kPadding || packet_tag >= 40;
}

class CertificateWalk {
 public:
  Status take(const Packet& packet) {
    if (is_passed_over(packet.tag)) {
      leave_out(packet_name(packet.tag) + " packet");
      return ok();
    }
    if (packet.tag == tag::kSecretKey || packet.tag == tag::kSecretSubkey) return refuse_secret_key();
    if (keys_.empty() && packet.tag != tag::kPublicKey) {
      return fail(ErrorCode::packet_refused, "a public key expected, not a " + packet_name(packet.tag));
    }
    switch (packet.tag) {
      case tag::kPublicKey:
        return take_primary(packet.body);
      case tag::kUserId:
        return take_user_id(packet.body);
      case tag::kUserAttribute:
        leave_out("a user attribute");
        return start(Part::dropped, packet);
      case tag::kPublicSubkey:
        return take_subkey(packet.body);
      case tag::kSignature:
        return take_signature(packet.body);
      default:
        return fail(ErrorCode::packet_refused, "a certificate with a " + packet_name(packet.tag) + " packet");
    }
  }

  Status finish() {
    end_part();
    if (keys_.empty()) return fail(ErrorCode::certificate_refused, "there is no certificate");
    if (kept_packets_ > kCertificateKeptPacketsMax || kept_.size() > kCertificateKeptBytesMax) {
      return fail(ErrorCode::message_too_large,
                  "a certificate of over 64 packets or 64 KiB" + std::string(kExportHint));
    }
    return ok();
  }

  Bytes take_packets() { return std::move(kept_); }
  // In the order in which each was met first.
  std::vector<std::string> left_out() const {
    std::vector<std::string> out;
    for (const std::string& what : left_out_) {
      const int times = left_out_times_.at(what);
      out.push_back(times == 1 ? what : what + ", " + std::to_string(times) + " times");
    }
    return out;
  }
  const Fingerprint& primary() const { return keys_.front(); }

 private:
  Status take_primary(ByteView body) {
    if (!keys_.empty()) {
      return fail(ErrorCode::certificate_refused,
                  "two certificates; one is wanted: `gpg --armor --export FINGERPRINT`");
    }
    const KeyPacket key = TRY(read_key_packet(body));
    if (!key.is_known) {
      return fail(ErrorCode::certificate_refused,
                  "a key of algorithm " + std::to_string(key.algorithm) + " or a curve that is not known here");
    }
    keys_.push_back(key.fingerprint);
    algorithm_ = key.algorithm;
    return start(Part::primary, {tag::kPublicKey, body});
  }

  Status take_user_id(ByteView body) {
    if (subkeys_ > 0) return fail(ErrorCode::packet_refused, "a user id after a subkey");
    if (!user_ids_.emplace(body.begin(), body.end()).second) {
      return fail(ErrorCode::certificate_refused, "the same user id twice");
    }
    return start(Part::user_id, {tag::kUserId, body});
  }

  Status take_subkey(ByteView body) {
    if (++subkeys_ >= kCertificateKeptPacketsMax) {
      return fail(ErrorCode::message_too_large, "a certificate of over 64 packets" + std::string(kExportHint));
    }
    const auto read = read_key_packet(body);
    if (!read && read.error().code == ErrorCode::unknown_version) {
      leave_out("a subkey of version " + std::to_string(body.front()));
      return start(Part::dropped, {tag::kPublicSubkey, body});
    }
    const KeyPacket key = TRY(read);
    if (std::find(keys_.begin(), keys_.end(), key.fingerprint) != keys_.end()) {
      return fail(ErrorCode::certificate_refused, "the same key twice");
    }
    keys_.push_back(key.fingerprint);
    if (!key.is_known) {
      leave_out("a subkey of algorithm " + std::to_string(key.algorithm) + " or a curve that is not known here");
    }
    algorithm_ = key.algorithm;
    return start(key.is_known ? Part::subkey : Part::dropped, {tag::kPublicSubkey, body});
  }

  Status start(Part part, const Packet& packet) {
    end_part();
    part_ = part;
    part_signatures_ = 0;
    part_bytes_.clear();
    if (part != Part::dropped) append_packet(part_bytes_, packet.tag, packet.body);
    return ok();
  }

  // What the key itself did not sign, anyone can have put there.
  void end_part() {
    if (part_ == Part::dropped || part_bytes_.empty()) return;
    if (part_ != Part::primary && part_signatures_ == 0) {
      return leave_out(std::string(name_of(part_)) + " that no signature by the key itself is left of");
    }
    append(kept_, part_bytes_);
    kept_packets_ += 1 + part_signatures_;
  }

  Status take_signature(ByteView body) {
    // A foreign key may be of any version, and so may what it signed. Neither that nor what cannot be read is a
    // signature by this key.
    const auto packet = read_signature_packet(body);
    if (!packet || !belongs_to(part_, packet->signature_class) || !names_issuer(*packet, primary())) return ok();
    const auto normalised = normalise_self_signature(*packet, primary(), algorithm_);
    if (!normalised && is_revocation(packet->signature_class)) {
      return fail(ErrorCode::packet_refused, "a revocation that is not understood here: " + normalised.error().detail);
    }
    if (!normalised) {
      leave_out(std::string("a signature over ") + name_of(part_) + ": " + normalised.error().detail);
      return ok();
    }
    // One signature is over one part: whose it is where it stands behind two, engines answer differently.
    if (!signatures_.insert(*normalised).second) return ok();
    ++part_signatures_;
    append_packet(part_bytes_, tag::kSignature, *normalised);
    if (part_bytes_.size() > kCertificateKeptBytesMax) {
      return fail(ErrorCode::message_too_large, "a certificate of over 64 KiB" + std::string(kExportHint));
    }
    return ok();
  }

  void leave_out(const std::string& what) {
    if (left_out_times_[what]++ == 0) left_out_.push_back(what);
  }

  std::set<Bytes> user_ids_;
  std::set<Bytes> signatures_;
  std::vector<Fingerprint> keys_;  // the primary and every subkey seen
  std::uint8_t algorithm_ = 0;     // of the key seen last
  Part part_ = Part::primary;
  std::size_t part_signatures_ = 0;
  Bytes part_bytes_;
  Bytes kept_;
  std::size_t kept_packets_ = 0;
  std::size_t subkeys_ = 0;  // seen
  std::vector<std::string> left_out_;
  std::map<std::string, int> left_out_times_;
};

// A key or user id as it was written, and what was signed over it.
struct SignedPart {
  std::uint8_t tag = 0;
  Bytes packet;
  std::vector<Bytes> signatures;
};

// Of what the gate wrote itself, where a signature always has a part before it.
Result<std::vector<SignedPart>> parts_of(const GatedCertificate& certificate) {
  std::vector<SignedPart> parts;
  PacketReader reader(certificate.packets());
  while (!reader.at_end()) {
    const Packet packet = TRY(reader.next());
    Bytes written;
    append_packet(written, packet.tag, packet.body);
    if (packet.tag == tag::kSignature) {
      parts.back().signatures.push_back(std::move(written));
    } else {
      parts.push_back({packet.tag, std::move(written), {}});
    }
  }
  return parts;
}

void merge_signatures(SignedPart& into, const SignedPart& from) {
  for (const Bytes& each : from.signatures) {
    const auto end = into.signatures.end();
    if (std::find(into.signatures.begin(), end, each) == end) into.signatures.push_back(each);
  }
}

Status judge_size(std::size_t bytes, std::size_t bytes_max) {
  if (bytes <= bytes_max) return ok();
  return fail(ErrorCode::message_too_large,
              "a certificate of over " + std::to_string(bytes_max >> 10) + " KiB" + std::string(kExportHint));
}

}  // namespace

tl::unexpected<Error> refuse_secret_key() {
  return fail(ErrorCode::secret_key_handed_in,
              "this is a SECRET key, and it was not stored. If it left its owner's machine for this, it is exposed: "
              "revoke it and make a new one. What is wanted is the public key: `gpg --armor --export FINGERPRINT`");
}

std::string GatedCertificate::armored() const {
  return enarmor("PGP PUBLIC KEY BLOCK", packets_);
}

Result<GatedCertificate> admit_certificate(std::string_view text, std::size_t read_bytes_max) {
  TRY(judge_size(text.size(), read_bytes_max));
  if (begins_armored("PGP PRIVATE KEY BLOCK", text)) return refuse_secret_key();
  const Bytes packets = TRY(read_packets("PGP PUBLIC KEY BLOCK", text));
  return admit_certificate(ByteView(packets), read_bytes_max);
}

Result<GatedCertificate> admit_certificate(ByteView packets, std::size_t read_bytes_max) {
  TRY(judge_size(packets.size(), read_bytes_max));
  PacketReader reader(packets);
  CertificateWalk walk;
  while (!reader.at_end()) {
    const Packet packet = TRY(reader.next());
    TRY(walk.take(packet));
  }
  TRY(walk.finish());
  const Fingerprint fingerprint = walk.primary();
  return GatedCertificate(walk.take_packets(), fingerprint, walk.left_out());
}

Result<GatedCertificate> merge_certificates(const GatedCertificate& former, const GatedCertificate& copy) {
  if (former.fingerprint() != copy.fingerprint()) {
    return fail(ErrorCode::certificate_refused, "two certificates of different keys");
  }
  std::vector<SignedPart> parts = TRY(parts_of(former));
  for (SignedPart& part : TRY(parts_of(copy))) {
    const auto same =
        std::find_if(parts.begin(), parts.end(), [&](const SignedPart& one) { return one.packet == part.packet; });
    if (same != parts.end()) {
      merge_signatures(*same, part);
      continue;
    }
    // User ids stand before the first subkey (RFC 4880 §11.1).
    const auto first_subkey =
        std::find_if(parts.begin(), parts.end(), [](const SignedPart& one) { return one.tag == tag::kPublicSubkey; });
    parts.insert(part.tag == tag::kUserId ? first_subkey : parts.end(), std::move(part));
  }
  Bytes all;
  for (const SignedPart& part : parts) {
    append(all, part.packet);
    for (const Bytes& each : part.signatures) append(all, each);
  }
  return admit_certificate(all, all.size());  // twice what one may hold, at most
}

}  // namespace countersign::auth::openpgp::gate
