#include "auth/server_identity/server_identity.hpp"

#include <algorithm>

#include "auth/challenges/sealed_challenge.hpp"
#include "auth/openpgp/acceptance.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth {
namespace {

constexpr std::string_view kName = "server/identity";
constexpr std::size_t kNameBytesMax = 200;

Result<ServerCertificate> parse_certificate(const Json& json) {
  JsonReader reader(json);
  ServerCertificate out;
  out.fingerprint = TRY(openpgp::Fingerprint::parse(TRY(reader.text("fingerprint"))));
  out.armored = TRY(reader.text("certificate"));
  out.since = TRY(reader.time("since"));
  out.until = TRY(reader.time_if_any("until"));
  TRY(reader.finish());
  return out;
}

Result<ServerIdentity> parse_identity(const Json& json) {
  JsonReader reader(json);
  TRY(check_record_version(reader));
  std::string name = TRY(reader.text("server"));
  auto store = from_hex(TRY(reader.text("store")));
  const Json list = reader.take("certificates");
  if (!store || list.items() == nullptr || list.items()->empty()) return fail(ErrorCode::malformed_message, "identity");
  std::vector<ServerCertificate> certificates;
  for (const Json& item : *list.items()) certificates.push_back(TRY(parse_certificate(item)));
  TRY(reader.finish());
  return ServerIdentity(std::move(name), *std::move(store), std::move(certificates));
}

}  // namespace

ServerIdentity::ServerIdentity(std::string name, Bytes store_id, std::vector<ServerCertificate> certificates)
    : name_(std::move(name)),
      store_id_(std::move(store_id)),
      certificates_(std::move(certificates)),
      context_(context_of(store_id_, name_)) {}

Status ServerIdentity::check_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || has_unprintable(name) ||
      name.find(' ') != std::string_view::npos) {
    return fail(ErrorCode::malformed_name,
                "a server's name has 1 to 200 printable bytes and no blank, as in https://auth.example.org");
  }
  return ok();
}

bool ServerIdentity::has_key(const openpgp::Fingerprint& fingerprint) const {
  return std::any_of(certificates_.begin(), certificates_.end(),
                     [&](const ServerCertificate& one) { return one.fingerprint == fingerprint; });
}

const std::string* ServerIdentity::certificate_of(const openpgp::Fingerprint& fingerprint) const {
  for (const ServerCertificate& one : certificates_) {
    if (one.fingerprint == fingerprint) return &one.armored;
  }
  return nullptr;
}

void ServerIdentity::stage(storage::Batch& batch, const RecordSeal& seal) const {
  Json list = Json::array();
  for (const ServerCertificate& one : certificates_) {
    Json json = Json::object()
                    .set("fingerprint", one.fingerprint.upper())
                    .set("certificate", one.armored)
                    .set("since", format_time(one.since));
    if (one.until) json.set("until", format_time(*one.until));
    list.push(std::move(json));
  }
  batch.put(std::string(kName), seal.close(kName, Json::object()
                                                      .set("version", 1)
                                                      .set("server", name_)
                                                      .set("store", hex(store_id_))
                                                      .set("certificates", std::move(list))));
}

Result<ServerIdentity> ServerIdentity::load(storage::Medium& medium, const RecordSeal& seal,
                                            std::string_view configured_name,
                                            const openpgp::Fingerprint& configured_fingerprint) {
  auto entry = find_record(medium, seal, kName);
  if (!entry) {
    if (face_of(entry.error().code) == Face::unavailable) return tl::unexpected<Error>(entry.error());
    return fail(ErrorCode::startup_refused, "the server's identity: " + entry.error().detail);
  }
  if (!*entry) return fail(ErrorCode::startup_refused, "the store holds no server identity");
  auto identity = parse_identity((*entry)->record);
  if (!identity) return fail(ErrorCode::startup_refused, "the server's identity: " + identity.error().detail);
  if (identity->name() != configured_name) {
    return fail(ErrorCode::startup_refused, "the store is of the server '" + escape_for_display(identity->name()) +
                                                "', the settings say '" + escape_for_display(configured_name) + "'");
  }
  if (identity->fingerprint() != configured_fingerprint) {
    return fail(ErrorCode::startup_refused, "the store's server key is " + identity->fingerprint().upper() +
                                                ", the settings say " + configured_fingerprint.upper());
  }
  return identity;
}

Status ServerIdentity::self_test(openpgp::OpenPgp& engine, Instant now) const {
  const auto test = [&]() -> Status {
    const auto certificate = TRY(openpgp::admit_certificate(certificate_armored(), openpgp::kCertificateReadBytesMax));
    if (certificate.fingerprint() != fingerprint()) return fail(ErrorCode::startup_refused, "another fingerprint");
    const std::string text = "countersign self-test of " + name_ + "\n";
    const auto signature = TRY(openpgp::admit_signature(TRY(engine.sign(text, now))));
    TRY(openpgp::accept_signature(engine, certificate, text, signature, openpgp::SignatureForm::detached,
                                  {now - Seconds(60), now + Seconds(60)}, now));
    return ok();
  };
  const Status tested = test();
  if (tested) return ok();
  return fail(ErrorCode::startup_refused,
              "the server's key fails its self-test: " + std::string(countersign::name_of(tested.error().code)) + ": " +
                  tested.error().detail);
}

}  // namespace countersign::auth
