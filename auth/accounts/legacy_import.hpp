// Taking accounts over from the Go predecessor. One batch an account, so that a run that ends early is simply run
// again: importing twice is importing once.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "auth/accounts/legacy_account.hpp"
#include "auth/context.hpp"
#include "storage/base/progress.hpp"

namespace countersign::auth::accounts {

struct LegacyImportOrder {
  std::string folder;        // the one that holds `users`
  bool skip_strays = false;  // else a folder that has any is refused
  bool dry_run = false;      // judge everything, change nothing
};

struct LegacyReport {
  std::string account;
  LegacyOddity oddity{};
  std::string detail;  // may hold foreign text
};

struct LegacyImportSummary {
  std::size_t found = 0;             // ids of which the folder has any file
  std::size_t taken_over = 0;        // accounts made now
  std::size_t present = 0;           // here already, with this key
  std::size_t left_out = 0;          // no account was made
  std::size_t revoked = 0;           // of those taken over: as the predecessor had revoked them
  std::size_t denied = 0;            // of those taken over: until an administrator decides
  std::size_t without_password = 0;  // of those taken over
  std::vector<LegacyReport> reports;
  std::vector<LegacyFolder::Stray> strays;
};

// Any thread.
class LegacyImport {
 public:
  explicit LegacyImport(const Context& context) : context_(context) {}

  // file_refused where the folder cannot be read; legacy_folder_refused, with every name, where it has strays: nothing
  // was changed then. storage_unavailable, openpgp_unavailable: what was taken over so far stays, and the next run goes
  // on. `progress` is called after each account.
  Result<LegacyImportSummary> run(const LegacyImportOrder& order, const Progress& progress, const Visit& visit);

 private:
  struct Work {
    const LegacyImportOrder& order;
    const Visit& visit;
    const Moment& moment;
    LegacyImportSummary& summary;
    std::set<Fingerprint>& keys;  // of the accounts taken over in this run: a dry run stores none
  };
  Status take_over(const std::string& id, const LegacyAccount& judged, const Work& work);
  Status judge_and_commit(const std::string& id, const LegacyAccount& judged, const Work& work);
  enum class Place { free, present, name_taken, key_taken };
  // Whether this store has room for an account of that id with that key.
  Result<Place> find_place(const std::string& id, const Fingerprint& key, const Work& work);
  // What the predecessor decided about an account that is here and active: reported, and left to the administrator.
  Status report_present(const std::string& id, const LegacyAccount& judged, const Work& work);
  void stage_revocation(storage::Batch& batch, records::Account& account, const LegacyAccount& judged,
                        const Moment& moment);

  const Context& context_;
};

}  // namespace countersign::auth::accounts
