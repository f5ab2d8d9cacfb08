// A person who logs in with the commands of the page, in a home of their own.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/interop/programs/programs_page.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/media.hpp"

namespace countersign::test {

// Where OpenPGP.js and our scripts for it are, fetched on first use; throws where they cannot be had.
std::filesystem::path openpgpjs_folder();

// One thread at a time. GnuPG asks this person for no passphrase.
class ProgramUser {
 public:
  ProgramUser();
  ~ProgramUser();
  ProgramUser(const ProgramUser&) = delete;
  ProgramUser& operator=(const ProgramUser&) = delete;

  // bash, in the person's folder; it stops at the first command that fails.
  ProgramRun run(const std::string& script) const;
  // A variable for what is run from now on.
  void set(const std::string& name, const std::string& value);
  std::filesystem::path file(const std::string& name) const { return folder_.path() / "work" / name; }
  // Everything that the last login left in the folder: a new one finds none of its files.
  void tidy_up() const;

 private:
  ScratchFolder folder_;
  std::vector<std::pair<std::string, std::string>> environment_;
};

// What a program answered that did not do as asked: its first words, without what changes from run to run, and its exit
// code.
std::string answer_of(const ProgramRun& run);

}  // namespace countersign::test
