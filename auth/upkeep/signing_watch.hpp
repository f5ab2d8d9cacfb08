// Can the server sign? An engine that forwards to another and knows when its key has gone out of reach: then nothing
// is asked of the key until it is back, no caller waits for it, and no PIN is tried again and again.
//
//            seal or sign failed, or it is time to look
//    here ─────────────────────────────────────────────────▶ gone      look() fails, or the self-test does
//      ▲                                                       │
//      └───────────────────────────────────────────────────────┘      look() holds and the self-test signs
//
// From a wrong PIN or a cancelled prompt (key_locked) only a token that was pulled and put back leads on, or a new
// start: three wrong PINs block many tokens.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "auth/base/clock.hpp"
#include "auth/openpgp/key_reach.hpp"
#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::upkeep {

// Any thread at any time; look_after() one thread.
class SigningWatch final : public openpgp::OpenPgp {
 public:
  // Without a reach there is nothing to watch: it forwards, and the server can always sign.
  SigningWatch(openpgp::OpenPgp& engine, openpgp::KeyReach* reach, const Clock& clock);

  // Why the server cannot sign at present: openpgp_unavailable or key_locked.
  Status state() const;
  // About once a second; looks and tests as often as is due. `test` signs with the engine that it is given. Logs when
  // the state changes.
  void look_after(const std::function<Status(openpgp::OpenPgp&)>& test);

  Result<openpgp::CertificateFacts> inspect(const openpgp::gate::GatedCertificate& certificate, Instant now) override;
  Result<std::string> seal(const openpgp::SealRequest& request) override;
  Result<std::string> sign(std::string_view text, Instant now) override;
  Result<openpgp::SignatureFacts> verify(const openpgp::gate::GatedCertificate& certificate, ByteView message,
                                         const openpgp::gate::GatedSignature& signature, Instant now) override;
  Result<openpgp::GeneratedKey> generate(const openpgp::KeyRequest& request) override;

  static constexpr std::chrono::seconds kLookEvery{15};
  static constexpr std::chrono::seconds kRetryEvery{3};

 private:
  void note(const Error& error);
  void set(std::optional<Error> trouble);

  openpgp::OpenPgp& engine_;
  openpgp::KeyReach* const reach_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<Error> trouble_;
  std::atomic<bool> suspect_{false};  // something failed: look now
  std::chrono::milliseconds looked_at_;
};

}  // namespace countersign::auth::upkeep
