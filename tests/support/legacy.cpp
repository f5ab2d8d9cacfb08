#include "tests/support/legacy.hpp"

#include <stdexcept>

#include "tests/support/program.hpp"

namespace countersign::test {

namespace fs = std::filesystem;

LegacyPerson legacy_person(std::string_view username) {
  const Json people = json_of(read_file(COUNTERSIGN_FIXTURES "/legacy/people.json"));
  for (const Json& person : *people.items()) {
    if (*person.find("username")->string() != username) continue;
    return {std::string(username), *person.find("account")->string(), *person.find("password")->string()};
  }
  throw std::runtime_error("no such person: " + std::string(username));
}

fs::path legacy_fixture(std::string_view version) {
  return fs::path(COUNTERSIGN_FIXTURES "/legacy") / version;
}

std::string legacy_text(std::string_view version, std::string_view account, auth::records::AccountPart part) {
  return read_file(legacy_fixture(version) / auth::records::part_name(account, part));
}

LegacyScratch::LegacyScratch() {
  fs::create_directory(users());
}

fs::path LegacyScratch::file(std::string_view account, auth::records::AccountPart part) const {
  return scratch_.path() / auth::records::part_name(account, part);
}

void LegacyScratch::write(std::string_view account, auth::records::AccountPart part, std::string_view text) {
  write_file(file(account, part), text);
}

void LegacyScratch::erase(std::string_view account, auth::records::AccountPart part) {
  fs::remove(file(account, part));
}

void LegacyScratch::take(std::string_view username, std::string_view version) {
  const std::string account = legacy_person(username).account;
  for (const auth::records::AccountPart part : auth::records::kAccountParts) {
    const fs::path from = legacy_fixture(version) / auth::records::part_name(account, part);
    if (fs::exists(from)) fs::copy_file(from, file(account, part), fs::copy_options::overwrite_existing);
  }
}

}  // namespace countersign::test
