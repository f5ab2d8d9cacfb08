// Sweeping away what has expired: sessions, consumed challenges, held enrolments, invites. Page by page, so that a
// large store never stops the server; whatever is refused by its own rules already may wait.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/upkeep/round.hpp"

namespace countersign::auth::upkeep {

struct Swept {
  std::size_t looked_at = 0;
  std::size_t erased = 0;
  bool went_round = false;  // nothing more now: the end of every folder was reached, or the clock is ahead
};

// One thread, open_sessions() excepted.
class Sweeper {
 public:
  explicit Sweeper(const Context& context) : context_(context) {}

  // Looks at `page` names at most and erases what is dead, in one commit where nobody comes between; nothing while the
  // clock is ahead. The folders take turns page by page, so that a long one keeps none of the others waiting.
  // storage_unavailable.
  Result<Swept> sweep(std::size_t page);

  // How many sessions were open when all of them were last looked at; nothing before they were. Any thread.
  std::optional<std::int64_t> open_sessions() const;

 private:
  // Stages the end of that record where its time has come, and whether it has.
  using Stage = Result<bool> (Sweeper::*)(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<bool> stage_session(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<bool> stage_consumed(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<bool> stage_held(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<bool> stage_invite(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<std::size_t> erase_one_by_one(Stage stage, const std::vector<std::string>& names, const Moment& moment);

  struct Folder {
    Round round;
    Stage stage;
    bool ended = false;  // in this round
  };

  const Context& context_;
  std::array<Folder, 4> folders_ = {
      Folder{Round("consumed/"), &Sweeper::stage_consumed}, Folder{Round("sessions/"), &Sweeper::stage_session},
      Folder{Round("held/"), &Sweeper::stage_held}, Folder{Round("invites/"), &Sweeper::stage_invite}};
  std::size_t turn_ = 0;
  std::int64_t open_in_page_ = 0;
  std::int64_t open_so_far_ = 0;  // in this round
  std::atomic<std::int64_t> open_sessions_{-1};
};

}  // namespace countersign::auth::upkeep
