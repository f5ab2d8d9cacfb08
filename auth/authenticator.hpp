// The one door to auth: it opens a store, owns whoever does the work on it, and looks after itself.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "auth/roles.hpp"
#include "auth/upkeep/health.hpp"

namespace countersign::auth {

// Any thread may call any method at any time, maintain() excepted: one thread.
class Authenticator {
 public:
  // Fails closed: startup_refused, medium_restored, record_tampered and the like. The medium, engine, clock and rng
  // outlive it.
  static Result<std::unique_ptr<Authenticator>> open(AuthenticatorSettings settings, secrets::Secrets secrets,
                                                     storage::Medium& medium, openpgp::OpenPgp& engine,
                                                     const Clock& clock, Rng& rng);

  // Whoever carries out the operations. Each fails as it says itself, and with storage_unavailable,
  // entropy_unavailable, openpgp_unavailable or secret_missing where the world does not answer.
  Roles& roles() { return *roles_; }

  // What comes over a network takes from what its source may ask for, or guess. slow_down.
  Status limit_request(const Visit& visit);
  Status limit_password(const Visit& visit, const std::string& account);
  // Refusals are counted; maintain() writes a bounded summary of them, and the levels of the limits.
  void count_refusal(ErrorCode code);
  // The same failure, with the reason that somebody can mend at once where there is one.
  Error explained(Error failure);

  // Fails where the server cannot do its work: key_expired, with the command that mends it, is one of the reasons, and
  // so is a medium that takes no writes.
  Result<upkeep::Health> ready();
  // How it stands, whether it can do its work or not.
  upkeep::Health health();
  // The identity record or the secrets are no longer those that were loaded: the server's key was extended or replaced,
  // another key was added or taken away, or is due. Whoever owns this Authenticator opens another.
  bool is_outdated() const { return outdated_; }
  // It could not be done, and why: from now on this one is not ready.
  void note_left_behind(std::string why);
  // What a timer does, about once a second: alarms when the clock goes wrong, sweeps a while, saves the latest time and
  // the floor, looks whether the identity record or the secrets changed, warns before the server's key ends, summarises
  // refusals once a minute, looks after the accounts every hour and inspects every record each day, a piece at a time.
  // All of it, then the first failure.
  Status maintain();
  // At the end of a process that changed something: the floor learns of it.
  Status close();

 private:
  explicit Authenticator(std::unique_ptr<Ground> ground) : ground_(std::move(ground)) {}
  Status start();
  bool is_limited(const Visit& visit) const;
  // What was counted since the last time, in one batch: refusals, and the levels of the limits.
  Status save_counts();
  // Work that begins anew every `period` and takes `share` of each second until it has gone round.
  struct Turn {
    std::chrono::milliseconds period;
    std::chrono::milliseconds share;
    std::optional<std::chrono::milliseconds> begun;
    bool under_way = false;
  };
  // `piece` says whether it has gone round. True where it has just now.
  template <class Piece>
  Result<bool> take_turn(Turn& turn, const Piece& piece);
  Status sweep();
  Status look_after_accounts();
  Status inspect_records();
  void watch_clock();
  Status watch_server_key();
  Status watch_secrets();
  Status judge_up_to_date();

  std::unique_ptr<Ground> ground_;
  std::unique_ptr<Roles> roles_;

  std::map<std::string, records::ChainHead> heads_at_start_;
  std::mutex refusals_mutex_;
  std::map<ErrorCode, std::int64_t> refusals_;
  std::atomic<bool> outdated_{false};
  std::mutex left_behind_mutex_;
  std::string left_behind_;  // why this one could not be replaced by one that is up to date
  std::string_view clock_state_ = "right";
  // A round of sweeping looks at every record once. What lives for minutes and hours need not be looked at again at
  // once. A share of each second, so that whatever comes in at the machine's own rate is swept at that rate.
  Turn sweeping_{std::chrono::seconds(30), std::chrono::milliseconds(50), {}, false};
  Turn accounts_{std::chrono::hours(1), std::chrono::milliseconds(50), {}, false};
  Turn inspecting_{std::chrono::hours(24), std::chrono::milliseconds(20), {}, false};
  std::optional<std::chrono::milliseconds> summarised_at_;  // when it was done last
};

}  // namespace countersign::auth
