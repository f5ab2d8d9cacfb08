// What the Go libraries wrote (fixtures/legacy), and folders put together from it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "auth/records/account.hpp"
#include "tests/support/media.hpp"

namespace countersign::test {

struct LegacyPerson {
  std::string username;
  std::string account;
  std::string password;
};
// Of people.json; throws where there is no such person.
LegacyPerson legacy_person(std::string_view username);

inline constexpr const char* kLegacyFolder = "folder";
inline constexpr const char* kBeforeRotation = "before-rotation";
// The folder that holds `users`.
std::filesystem::path legacy_fixture(std::string_view version);
std::string legacy_text(std::string_view version, std::string_view account, auth::records::AccountPart part);

// A folder of the predecessor that a test puts together.
class LegacyScratch {
 public:
  LegacyScratch();
  std::string path() const { return scratch_.path().string(); }
  std::filesystem::path users() const { return scratch_.path() / "users"; }
  std::filesystem::path file(std::string_view account, auth::records::AccountPart part) const;

  void write(std::string_view account, auth::records::AccountPart part, std::string_view text);
  void erase(std::string_view account, auth::records::AccountPart part);
  // Every file that the fixture has of them.
  void take(std::string_view username, std::string_view version = kLegacyFolder);

 private:
  ScratchFolder scratch_;
};

}  // namespace countersign::test
