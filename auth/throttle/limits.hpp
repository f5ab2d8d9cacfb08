// Limits on guessing and on asking.
//
//   requests           by source: challenges, responses, refreshes, and tokens that open nothing. By source alone, so
//                      that nobody locks another out of their key.
//   password_sources   by source: passwords
//   password_accounts  by the account that a password claims, whether there is one or not
//
// A source is an IPv4 address or an IPv6 /64. A password is counted before anything is hashed, right or wrong. The
// buckets survive a restart: they are kept as the sealed record `limits/<writer>`, written by a timer.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "auth/base/limit_settings.hpp"
#include "auth/secrets/record_seal.hpp"
#include "auth/throttle/throttle.hpp"
#include "storage/base/time.hpp"
#include "storage/batch.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::throttle {

// Any thread, the record's methods excepted: one thread. `now` is monotonic everywhere.
class Limits {
 public:
  Limits(storage::Medium& medium, const secrets::RecordSeal& seal, const std::string& writer,
         const LimitSettings& settings);

  // slow_down.
  Status take_request(const std::string& source, std::chrono::milliseconds now);
  Status take_password(const std::string& source, const std::string& account, std::chrono::milliseconds now);

  // What an earlier process saved. record_*, storage_unavailable: then the buckets are as they were.
  Status load(Instant wall, std::chrono::milliseconds now);
  // Stages the record if there is anything to say that was not saved before; saved() once it was committed.
  bool stage(storage::Batch& batch, Instant wall, std::chrono::milliseconds now);
  void saved() { saved_ = staged_; }

 private:
  storage::Medium& medium_;
  const secrets::RecordSeal& seal_;
  const std::string name_;
  Throttle requests_;
  Throttle password_sources_;
  Throttle password_accounts_;
  std::atomic<std::uint64_t> taken_{0};
  std::uint64_t staged_ = 0;
  std::uint64_t saved_ = 0;
};

}  // namespace countersign::auth::throttle
