// Looking after every account in turn, a page at a time: what waits for the server's key is completed (signatures of
// revocation records, metadata), and the accounts are counted for the decoys.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "auth/context.hpp"
#include "auth/keys/revocation.hpp"
#include "auth/proving/decoys.hpp"
#include "auth/upkeep/round.hpp"

namespace countersign::auth::upkeep {

// One thread.
class AccountCare {
 public:
  AccountCare(const Context& context, keys::Revocation& revocation, proving::Decoys& decoys)
      : context_(context), revocation_(revocation), decoys_(decoys) {}

  // The next `page` names. True where they were the last of the round: then the decoys follow what was counted. Fails
  // as the medium does.
  Result<bool> go_on(std::size_t page);

 private:
  void look_after(const std::string& id);

  const Context& context_;
  keys::Revocation& revocation_;
  proving::Decoys& decoys_;
  Round round_{"users/"};
  std::map<std::string, std::size_t> mix_;  // active accounts of this round by their encryption algorithm
};

}  // namespace countersign::auth::upkeep
