#include "auth/upkeep/account_care.hpp"

#include "auth/base/log.hpp"
#include "auth/keys/metadata.hpp"

namespace countersign::auth::upkeep {

void AccountCare::look_after(const std::string& id) {
  const auto stored = context_.accounts.find(id);
  if (!stored || !*stored) return;
  const bool active = (*stored)->account.state == records::AccountState::active;
  mix_[(*stored)->account.encryption_algorithm] += active ? 1 : 0;
  // Changed meanwhile: the next round sees it. What is damaged is an alarm, and must not stop the others.
  const Status completed = active ? keys::complete_metadata(context_, id) : revocation_.complete(id);
  if (completed || completed.error().code == ErrorCode::conflict) return;
  log_event(LogLevel::alarm, active ? "metadata" : "revocation record",
            {{"account", id}, {"detail", completed.error().detail}});
}

Result<bool> AccountCare::go_on(std::size_t page) {
  const auto names = TRY(round_.names(context_.medium, page));
  for (const std::string& name : names) {
    if (const auto id = records::account_named_in(name)) look_after(*id);
  }
  if (!round_.pass(names, page)) return false;
  TRY(decoys_.rebalance(std::exchange(mix_, {}), context_.timekeeper.now().wall));
  return true;
}

}  // namespace countersign::auth::upkeep
