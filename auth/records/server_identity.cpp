#include "auth/records/server_identity.hpp"

#include <algorithm>

#include "auth/openpgp/acceptance.hpp"
#include "auth/records/sealed_challenge.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::size_t kNameBytesMax = 200;
constexpr int kIdentityVersion = 3;

Result<ServerCertificate> parse_certificate(const Json& json) {
  JsonReader reader(json);
  ServerCertificate out;
  out.fingerprint = TRY(Fingerprint::parse(TRY(reader.text("fingerprint"))));
  out.armored = TRY(reader.text("certificate"));
  out.since = TRY(reader.time("since"));
  out.until = TRY(reader.time_if_any("until"));
  out.succession = TRY(reader.text_or("succession", ""));
  out.succession_signature = TRY(reader.text_or("succession_signature", ""));
  TRY(reader.finish());
  return out;
}

Result<ServerIdentity> parse_identity(const Json& json) {
  JsonReader reader(json);
  const std::int64_t version = TRY(reader.integer("version"));
  if (version < 1 || version > kIdentityVersion) {
    return fail(ErrorCode::unknown_version, "record version " + std::to_string(version));
  }
  std::string name = TRY(reader.text("server"));
  auto store = from_hex(TRY(reader.text("store")));
  const std::int64_t restores = TRY(reader.integer_or("restores", 0));
  const Json list = reader.take("certificates");
  if (!store || restores < 0 || list.items() == nullptr || list.items()->empty())
    return fail(ErrorCode::malformed_message, "identity");
  std::vector<ServerCertificate> certificates;
  for (const Json& item : *list.items()) certificates.push_back(TRY(parse_certificate(item)));
  TRY(reader.finish());
  return ServerIdentity(std::move(name), *std::move(store), std::move(certificates), restores);
}

}  // namespace

ServerIdentity::ServerIdentity(std::string name, Bytes store_id, std::vector<ServerCertificate> certificates,
                               std::int64_t restores)
    : name_(std::move(name)),
      store_id_(std::move(store_id)),
      certificates_(std::move(certificates)),
      restores_(restores),
      store_(context_of(store_id_, name_)),
      context_(context_of(store_id_, name_, restores_)) {
  for (std::size_t i = 1; i < certificates_.size() && packed_.size() < kSuccessionsMax; ++i) {
    const ServerCertificate& former = certificates_[i];
    const auto succession = parse_succession(former.succession);
    if (!succession || succession->to != certificates_[i - 1].fingerprint) break;
    auto packed = pack_succession({former.succession, former.succession_signature, former.armored});
    if (!packed) break;
    packed_.push_back(*std::move(packed));
  }
}

Status ServerIdentity::check_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return fail(ErrorCode::malformed_name, "a server's name has 1 to 200 bytes");
  }
  if (has_unprintable(name) || name.find_first_of(" \"\\") != std::string_view::npos ||
      to_nfc(name) != std::string(name)) {
    return fail(ErrorCode::malformed_name,
                "a server's name is printable text in NFC without blanks, quotes and backslashes, best its URL");
  }
  return ok();
}

bool ServerIdentity::has_key(const Fingerprint& fingerprint) const {
  return std::any_of(certificates_.begin(), certificates_.end(),
                     [&](const ServerCertificate& one) { return one.fingerprint == fingerprint; });
}

std::vector<ServerCertificate> ServerIdentity::followed_at(Instant now) const {
  std::vector<ServerCertificate> followed;
  while (followed.size() < packed_.size()) {
    const ServerCertificate& former = certificates_[followed.size() + 1];
    const auto succession = parse_succession(former.succession);
    if (!succession || now >= succession->expires_at) break;
    followed.push_back(former);
  }
  return followed;
}

std::vector<Bytes> ServerIdentity::successions_at(Instant now) const {
  if (packed_.empty()) return {};
  return {packed_.begin(), packed_.begin() + static_cast<std::ptrdiff_t>(followed_at(now).size())};
}

ServerIdentity ServerIdentity::with_key(const openpgp::gate::GatedCertificate& certificate, std::string succession,
                                        std::string signature, Instant now) const {
  std::vector<ServerCertificate> certificates = certificates_;
  certificates.front().until = now;
  certificates.front().succession = std::move(succession);
  certificates.front().succession_signature = std::move(signature);
  certificates.insert(certificates.begin(), {certificate.fingerprint(), certificate.armored(), now, {}});
  return ServerIdentity(name_, store_id_, std::move(certificates), restores_);
}

ServerIdentity ServerIdentity::with_restores(std::int64_t restores) const {
  return ServerIdentity(name_, store_id_, certificates_, restores);
}

ServerIdentity ServerIdentity::with_certificate(std::string armored) const {
  ServerIdentity next = *this;
  next.certificates_.front().armored = std::move(armored);
  next.version_.reset();
  return next;
}

void ServerIdentity::stage_over(storage::Batch& batch, const secrets::RecordSeal& seal,
                                const ServerIdentity& before) const {
  if (before.version_) batch.require_version(std::string(kIdentityName), *before.version_);
  stage(batch, seal);
}

const std::string* ServerIdentity::certificate_of(const Fingerprint& fingerprint) const {
  for (const ServerCertificate& one : certificates_) {
    if (one.fingerprint == fingerprint) return &one.armored;
  }
  return nullptr;
}

void ServerIdentity::stage(storage::Batch& batch, const secrets::RecordSeal& seal) const {
  Json list = Json::array();
  for (const ServerCertificate& one : certificates_) {
    Json json = Json::object()
                    .set("fingerprint", one.fingerprint.upper())
                    .set("certificate", one.armored)
                    .set("since", format_time(one.since));
    if (one.until) json.set("until", format_time(*one.until));
    if (!one.succession.empty()) {
      json.set("succession", one.succession).set("succession_signature", one.succession_signature);
    }
    list.push(std::move(json));
  }
  Json record = Json::object().set("version", kIdentityVersion).set("server", name_).set("store", hex(store_id_));
  if (restores_ > 0) record.set("restores", restores_);
  record.set("certificates", std::move(list));
  batch.put(std::string(kIdentityName), seal.close(kIdentityName, std::move(record)));
}

Result<ServerIdentity> ServerIdentity::load(storage::Medium& medium, const secrets::RecordSeal& seal,
                                            std::string_view configured_name,
                                            const Fingerprint& configured_fingerprint) {
  const auto entry = storage::find(medium, kIdentityName);
  if (!entry) {
    if (face_of(entry.error().code) == Face::unavailable) return tl::unexpected<Error>(entry.error());
    return fail(ErrorCode::startup_refused, "the server's identity: " + entry.error().detail);
  }
  if (!*entry) return fail(ErrorCode::startup_refused, "the store holds no server identity");
  auto identity = TRY(open((*entry)->bytes, seal, configured_name));
  TRY(identity.judge_configured(configured_fingerprint));
  return identity;
}

Result<ServerIdentity> ServerIdentity::open(ByteView record, const secrets::RecordSeal& seal,
                                            std::string_view configured_name) {
  const auto opened = seal.open(kIdentityName, record);
  auto identity = opened ? parse_identity(*opened) : tl::unexpected<Error>(opened.error());
  if (!identity) {
    if (face_of(identity.error().code) == Face::unavailable) return identity;
    return fail(ErrorCode::startup_refused, "the server's identity: " + identity.error().detail);
  }
  if (identity->name() != configured_name) {
    return fail(ErrorCode::startup_refused, "the store is of the server '" + escape_for_display(identity->name()) +
                                                "', the settings say '" + escape_for_display(configured_name) + "'");
  }
  identity->version_ = storage::Version::of(record);
  return identity;
}

Status ServerIdentity::judge_configured(const Fingerprint& configured) const {
  if (has_key(configured)) return ok();
  return fail(ErrorCode::startup_refused,
              "the store's server key is " + fingerprint().upper() + ", the settings say " + configured.upper());
}

Result<storage::Version> identity_version(storage::Medium& medium) {
  return TRY(medium.read(kIdentityName)).version;
}

Result<openpgp::CertificateFacts> ServerIdentity::inspect(openpgp::OpenPgp& engine, Instant now) const {
  const auto certificate =
      TRY(openpgp::gate::admit_certificate(certificate_armored(), openpgp::gate::kCertificateReadBytesMax));
  return engine.inspect(certificate, now);
}

Status ServerIdentity::test_signing(openpgp::OpenPgp& engine, Instant now) const {
  const auto certificate =
      TRY(openpgp::gate::admit_certificate(certificate_armored(), openpgp::gate::kCertificateReadBytesMax));
  if (certificate.fingerprint() != fingerprint()) return fail(ErrorCode::startup_refused, "another fingerprint");
  const std::string text = "countersign self-test of " + name_ + "\n";
  const auto signature = TRY(openpgp::gate::admit_signature(TRY(engine.sign(text, now))));
  TRY(openpgp::accept_signature(engine, certificate, text, signature, openpgp::SignatureForm::detached,
                                {now - Seconds(60), now + Seconds(60)}, now));
  return ok();
}

Status ServerIdentity::self_test(openpgp::OpenPgp& engine, Instant now) const {
  const Status tested = test_signing(engine, now);
  if (tested) return ok();
  return fail(ErrorCode::startup_refused,
              "the server's key fails its self-test: " + std::string(countersign::name_of(tested.error().code)) + ": " +
                  tested.error().detail);
}

}  // namespace countersign::auth::records
