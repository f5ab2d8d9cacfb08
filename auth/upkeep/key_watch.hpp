// Watches the server's key as the clock goes on: what ready() says of it, and what the log does.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::upkeep {

// Any thread, but for log_if_due: one.
class KeyWatch {
 public:
  explicit KeyWatch(openpgp::CertificateFacts facts) : facts_(std::move(facts)) {}

  const openpgp::CertificateFacts& facts() const { return facts_; }
  // ok, or key_expired with what mends it.
  Status judge(Instant now) const;
  // What ends within kKeyEndWarnedBefore, a line each.
  std::vector<std::string> warnings(Instant now) const;
  // A line of the log for each of them: when it is first seen, when it changes from soon to past, and once a day.
  void log_if_due(Instant now, std::chrono::milliseconds monotonic);

 private:
  const openpgp::CertificateFacts facts_;
  std::vector<std::pair<Fingerprint, bool>> logged_;  // and whether it had expired
  std::chrono::milliseconds logged_at_{};
};

}  // namespace countersign::auth::upkeep
