// An engine that makes protected keys at no cost, for tests that make hundreds: each is a key of its own with the form
// of a protected one, and nobody opens its secret.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "auth/openpgp/gate/key_packet.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/openpgp.hpp"

namespace countersign::test {

class QuickKeys final : public auth::openpgp::OpenPgp {
 public:
  using Key = auth::openpgp::GeneratedKey;
  // `on_made` is shown each key as it was before its secret was taken out. It may be called by any thread.
  explicit QuickKeys(std::unique_ptr<auth::openpgp::OpenPgp> inner, std::function<void(const Key&)> on_made = nullptr)
      : inner_(std::move(inner)), on_made_(std::move(on_made)) {}

  Result<auth::openpgp::CertificateFacts> inspect(const auth::openpgp::gate::GatedCertificate& certificate,
                                                  Instant now) override {
    return inner_->inspect(certificate, now);
  }
  Result<std::string> seal(const auth::openpgp::SealRequest& request) override { return inner_->seal(request); }
  Result<std::string> sign(std::string_view text, Instant now) override { return inner_->sign(text, now); }
  Result<auth::openpgp::SignatureFacts> verify(const auth::openpgp::gate::GatedCertificate& certificate,
                                               ByteView message, const auth::openpgp::gate::GatedSignature& signature,
                                               Instant now) override {
    return inner_->verify(certificate, message, signature, now);
  }
  Result<auth::openpgp::GeneratedKey> generate(const auth::openpgp::KeyRequest& request) override {
    auto key = TRY(inner_->generate({request.kind, request.user_id, request.now}));
    if (request.passphrase == nullptr) return key;
    if (on_made_) on_made_(key);
    Bytes packets = TRY(closed(key.secret_key.reveal()));
    key.secret_key = Secret::take(packets);
    return key;
  }

 private:
  // Usage, cipher, S2K, hash, salt and count of RFC 4880 §5.5.3, and zeros where the secret would be.
  static Result<Bytes> closed(ByteView secret_key) {
    using namespace auth;
    using namespace auth::openpgp;
    constexpr std::size_t kSecretBytes = 16 + 34 + 20;
    Bytes out;
    openpgp::gate::PacketReader reader(secret_key);
    while (!reader.at_end()) {
      const openpgp::gate::Packet packet = TRY(reader.next());
      Bytes body(packet.body.begin(), packet.body.end());
      if (packet.tag == gate::tag::kSecretKey || packet.tag == gate::tag::kSecretSubkey) {
        body.resize(TRY(openpgp::gate::read_secret_key_packet(packet.body)).public_bytes);
        append(body, Bytes{254, 9, 3, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0xFF});
        body.resize(body.size() + kSecretBytes);
      }
      openpgp::gate::append_packet(out, packet.tag, body);
    }
    return out;
  }

  std::unique_ptr<auth::openpgp::OpenPgp> inner_;
  const std::function<void(const Key&)> on_made_;
};

}  // namespace countersign::test
