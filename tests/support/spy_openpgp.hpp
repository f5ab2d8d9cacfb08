// An engine that forwards everything to another and remembers what it sealed, so that a test reads a challenge or a
// grant without its key.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::test {

// Any thread at any time.
class SpyOpenPgp final : public auth::openpgp::OpenPgp {
 public:
  explicit SpyOpenPgp(auth::openpgp::OpenPgp& inner) : inner_(&inner) {}
  // Forwards to another from now on; not while it is used.
  void forward_to(auth::openpgp::OpenPgp& inner) { inner_ = &inner; }

  struct Sealed {
    std::string text;
    auth::Fingerprint recipient;
    bool hidden = true;
  };
  // What a message made here holds; throws where it was not made here.
  Sealed sealed_in(const std::string& message) const {
    const std::lock_guard lock(mutex_);
    return sealed_.at(message);
  }
  // How often it was asked for what.
  struct Counts {
    std::uint64_t inspected = 0;
    std::uint64_t sealed = 0;
    std::uint64_t signatures = 0;
    std::uint64_t verified = 0;
    bool operator==(const Counts&) const = default;
  };
  Counts counts() const { return {inspected_, sealings_, signatures_, verified_}; }
  // From now on every method fails with openpgp_unavailable, or none does.
  void break_down(bool broken) { broken_ = broken; }

  Result<auth::openpgp::CertificateFacts> inspect(const auth::openpgp::gate::GatedCertificate& certificate,
                                                  Instant now) override {
    TRY(judge());
    ++inspected_;
    return inner_->inspect(certificate, now);
  }
  Result<std::string> seal(const auth::openpgp::SealRequest& request) override {
    TRY(judge());
    ++sealings_;
    auto message = inner_->seal(request);
    if (message) {
      const std::lock_guard lock(mutex_);
      sealed_[*message] = {std::string(request.text), request.recipient.fingerprint(), request.hide_recipient};
    }
    return message;
  }
  Result<std::string> sign(std::string_view text, Instant now) override {
    TRY(judge());
    ++signatures_;
    return inner_->sign(text, now);
  }
  Result<auth::openpgp::SignatureFacts> verify(const auth::openpgp::gate::GatedCertificate& certificate,
                                               ByteView message, const auth::openpgp::gate::GatedSignature& signature,
                                               Instant now) override {
    TRY(judge());
    ++verified_;
    return inner_->verify(certificate, message, signature, now);
  }
  Result<auth::openpgp::GeneratedKey> generate(const auth::openpgp::KeyRequest& request) override {
    TRY(judge());
    return inner_->generate(request);
  }

 private:
  Status judge() const {
    if (broken_) return fail(ErrorCode::openpgp_unavailable, "as told");
    return ok();
  }

  auth::openpgp::OpenPgp* inner_;
  std::atomic<bool> broken_{false};
  std::atomic<std::uint64_t> inspected_{0};
  std::atomic<std::uint64_t> sealings_{0};
  std::atomic<std::uint64_t> signatures_{0};
  std::atomic<std::uint64_t> verified_{0};
  mutable std::mutex mutex_;
  std::map<std::string, Sealed> sealed_;
};

}  // namespace countersign::test
