// Backups of a house's store, and the ground on which they are put back.
#pragma once

#include <memory>
#include <string>

#include "auth/upkeep/backing_up.hpp"
#include "auth/upkeep/restoring.hpp"
#include "tests/support/house.hpp"

namespace countersign::test {

// Keeps `text`.
auth::records::ByteSource source_of(std::string text);
// Of the house's store as it is.
std::string backup_of(House& house);

// A restore as a command does it; the floor knows what the house's Authenticator told it with close().
class RestoreScene {
 public:
  RestoreScene(House& house, storage::Medium& medium);
  auth::upkeep::RestoreGround ground();
  auth::records::Floor& floor() { return *floor_; }
  Result<auth::upkeep::Adopted> adopt(
      auth::upkeep::MissingRevocations missing = auth::upkeep::MissingRevocations::wait_for_export) {
    return adopt_medium(ground(), missing);
  }
  Result<auth::upkeep::Adopted> put_back(const std::string& backup) {
    return auth::upkeep::put_back(source_of(backup), ground(), {});
  }

 private:
  House& house_;
  storage::Medium& medium_;
  std::unique_ptr<auth::records::Floor> floor_;
};

}  // namespace countersign::test
