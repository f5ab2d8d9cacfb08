#include "auth/openpgp/gnupg/public_keyring.hpp"

#include <algorithm>

#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/signature_packet.hpp"
#include "auth/openpgp/gnupg/back_signature.hpp"
#include "auth/openpgp/gnupg/digest.hpp"
#include "auth/openpgp/gnupg/gpgme_handles.hpp"
#include "auth/openpgp/gnupg/listing.hpp"
#include "auth/openpgp/gnupg/shown_certificate.hpp"
#include "auth/openpgp/policy.hpp"
#include "auth/openpgp/taking_away.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

constexpr ErrorCode kUnavailable = ErrorCode::openpgp_unavailable;
constexpr std::size_t kOutputBytesMax = 256u << 10;
// A listing names the owner again behind every signature.
constexpr std::size_t kListingBytesMax = 4u << 20;

tl::unexpected<Error> failure(std::string_view what, gpgme_error_t error) {
  return fail(kUnavailable, words_on(what, error));
}

// Is one of its signatures made with a hash that the strict rule does not take?
Result<bool> has_weak_signature(const gate::GatedCertificate& certificate) {
  gate::PacketReader reader(certificate.packets());
  while (!reader.at_end()) {
    const gate::Packet packet = TRY(reader.next());
    if (packet.tag != gate::tag::kSignature) continue;
    const gate::SignaturePacket signature = TRY(gate::read_signature_packet(packet.body));
    if (!is_strong_hash(signature.hash_algorithm)) return true;
  }
  return false;
}

std::string gpg_program() {
  gpgme_engine_info_t info = nullptr;
  if (gpgme_get_engine_info(&info) != 0) return {};
  for (; info != nullptr; info = info->next) {
    if (info->protocol == GPGME_PROTOCOL_OpenPGP && info->file_name != nullptr) return info->file_name;
  }
  return {};
}

// GPGME's own listing tells nothing of signatures on keys, only of those on user ids.
Result<Secret> list_with_signatures(const std::string& home) {
  TRY(open_context(home, kUnavailable));
  const std::string program = gpg_program();
  if (program.empty()) return fail(kUnavailable, "GnuPG (`gpg`) is not installed");
  gpgme_ctx_t raw = nullptr;
  gpgme_error_t error = gpgme_new(&raw);
  const Context context(raw);
  if (error == 0) error = gpgme_set_protocol(raw, GPGME_PROTOCOL_SPAWN);
  if (error != 0) return failure("GPGME does not start", error);
  const Data output = TRY(empty_data(kUnavailable));
  const char* arguments[] = {
      "gpg",           "--homedir",          home.c_str(),         "--status-fd",  "2",    "--fixed-list-mode",
      "--with-colons", "--with-fingerprint", "--with-fingerprint", "--check-sigs", nullptr};
  error = gpgme_op_spawn(raw, program.c_str(), arguments, nullptr, output.get(), nullptr, 0);
  if (error != 0) return failure("gpg does not list", error);
  return bytes_of(output.get(), kListingBytesMax, kUnavailable);
}

std::string hash_name(gpgme_hash_algo_t hash) {
  const char* const name = gpgme_hash_algo_name(hash);
  return name == nullptr ? std::string() : name;
}

// Made by that key over these bytes, whatever has become of the key since.
bool is_valid(const _gpgme_signature& signature) {
  switch (gpgme_err_code(signature.status)) {
    case GPG_ERR_NO_ERROR:
    case GPG_ERR_SIG_EXPIRED:
    case GPG_ERR_KEY_EXPIRED:
    case GPG_ERR_CERT_REVOKED:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<CertificateFacts> PublicKeyring::list(const gate::GatedCertificate& certificate, Instant now, HashRule rule) {
  TRY(home_.set(now, rule));
  const Secret listing = TRY(list_with_signatures(home_.path()));
  return read_listing(listing.reveal_text(), certificate.fingerprint(), now);
}

Result<InspectReply> PublicKeyring::inspect(const InspectRequest& request) {
  const gate::GatedCertificate certificate =
      TRY(gate::admit_certificate(request.certificate, gate::kCertificateKeptBytesMax));
  TRY(home_.hold(TRY(certificate_shown_at(certificate.packets(), request.now))));
  InspectReply reply;
  reply.facts = TRY(list(certificate, request.now, HashRule::strict));
  TRY(unbind_without_back_signature(reply.facts, certificate, request.now));
  if (reply.facts.primary.created_at > request.now || TRY(has_weak_signature(certificate))) {
    take_away(reply.facts, TRY(list(certificate, request.now, HashRule::any_hash)));
  }
  return reply;
}

Result<VerifyReply> PublicKeyring::verify(const VerifyRequest& request) {
  // A signature a little ahead of this clock would pass for one from the future.
  const Instant now = std::max(request.now, request.signature_time);
  TRY(home_.hold(TRY(certificate_shown_at(request.certificate, now))));
  TRY(home_.set(now, HashRule::strict));
  const Context context = TRY(open_context(home_.path(), kUnavailable));
  const Data signature = TRY(data_of(request.signature, kUnavailable));
  const Data message = TRY(data_of(request.message, kUnavailable));
  const gpgme_error_t error = gpgme_op_verify(context.get(), signature.get(), message.get(), nullptr);
  VerifyReply reply;
  if (gpgme_err_code(error) == GPG_ERR_NO_DATA) return reply;
  if (error != 0) return failure("gpg does not verify", error);
  // Success says nothing: each signature is looked at, and there may be only one.
  const gpgme_verify_result_t result = gpgme_op_verify_result(context.get());
  if (result == nullptr) return fail(kUnavailable, "gpg does not say what it verified");
  for (gpgme_signature_t each = result->signatures; each != nullptr; each = each->next) ++reply.facts.signatures;
  if (reply.facts.signatures != 1 || !is_valid(*result->signatures)) return reply;
  const auto key = Fingerprint::parse(result->signatures->fpr == nullptr ? "" : result->signatures->fpr);
  if (!key || !TRY(has_left_bits(request.signature, request.message))) return reply;
  reply.facts.valid = true;
  reply.facts.signing_key = *key;
  reply.facts.hash = hash_name(result->signatures->hash_algo);
  reply.facts.created_at = from_unix(static_cast<std::int64_t>(result->signatures->timestamp));
  return reply;
}

Result<EncryptReply> PublicKeyring::encrypt(const EncryptRequest& request) {
  TRY(home_.hold(TRY(certificate_shown_at(request.certificate, request.now))));
  TRY(home_.set(request.now, HashRule::strict));
  const Context context = TRY(open_context(home_.path(), kUnavailable));
  const Data plain = TRY(data_of(request.packets, kUnavailable));
  const Data cipher = TRY(empty_data(kUnavailable));
  const std::string recipient = request.encryption_key.upper() + "!";  // exactly this key
  const auto flags = static_cast<gpgme_encrypt_flags_t>(GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_ENCRYPT_TO |
                                                        GPGME_ENCRYPT_NO_COMPRESS | GPGME_ENCRYPT_WRAP);
  const gpgme_error_t error =
      gpgme_op_encrypt_ext(context.get(), nullptr, recipient.c_str(), flags, plain.get(), cipher.get());
  const gpgme_encrypt_result_t result = gpgme_op_encrypt_result(context.get());
  if (result != nullptr && result->invalid_recipients != nullptr) {
    return fail(ErrorCode::certificate_refused,
                words_on("gpg does not encrypt to this key", result->invalid_recipients->reason));
  }
  if (error != 0) return failure("gpg does not encrypt", error);
  const Secret packets = TRY(bytes_of(cipher.get(), kOutputBytesMax, kUnavailable));
  return EncryptReply{Bytes(packets.reveal().begin(), packets.reveal().end())};
}

}  // namespace countersign::auth::openpgp::gnupg
