// The server's side of a courier folder: challenges out, responses in, grants out.
//
// It moves messages between files and operations and decides nothing about trust: what a response proves, and whether
// it was taken before, is the operation's to say. Because that is so, importing twice is importing once: a run that was
// ended anywhere is completed by the next one.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "auth/base/rng.hpp"
#include "storage/base/result.hpp"
#include "transport/courier/courier_folder.hpp"
#include "transport/courier/courier_name.hpp"
#include "transport/operations/operation.hpp"

namespace countersign::transport::courier {

struct ExportedChallenge {
  std::string username;      // as it was given; escape it where it is shown
  Result<std::string> file;  // its name in the outbox, or why there is none
};

struct ExportReport {
  Status server;                              // was the server's certificate written
  std::vector<ExportedChallenge> challenges;  // one a username, in their order
  std::size_t written() const;
};

enum class Settlement {
  granted,   // outbox/<id>.session.asc is there
  accepted,  // the operation was done and has nothing to bring back
  held,      // a certificate that waits for an administrator
  present,   // a certificate whose key an account has already: nothing waits
  refused,   // outbox/<id>.refused.txt is there
  exposed,   // the file is a secret key, which stays: nothing copies it any further; refused, where its name is one to
             // take
  incomplete,      // cut off: not there yet
  left,            // not answered this time: could not be opened, read, judged or answered
  another_server,  // answers another server's challenge, and is not for this one to judge
};
std::string_view name_of(Settlement settlement);

struct ImportedFile {
  std::string name;  // in the inbox; of the form that inbox_kind takes, or escaped: it may be shown as it is
  InboxKind kind;
  Settlement settlement;
  // granted: the file in the outbox. held: the fingerprint. present: the account. accepted: empty. another_server: its
  // name, escaped for display. Else why, for the operator.
  Result<std::string> outcome;
  Status moved;         // into inbox/done, where it is settled; else ok
  std::string account;  // the account id that a response names, whoever wrote it; empty where it names none
};

struct ImportReport {
  std::vector<ImportedFile> files;         // in byte order of their names
  std::size_t beyond = 0;                  // files over the limit of a scan: import again
  bool cut = false;                        // the folder has more entries than a scan looks at
  std::size_t foreign = 0;                 // entries with names that are not opened
  std::vector<std::string> foreign_names;  // the first of them, escaped for display
  std::vector<std::string> misplaced;      // files of the outbox with names for the inbox; not opened
  std::vector<std::string> renamed;  // files of the inbox whose names are nearly right (courier_name.hpp); not opened
  std::size_t count(Settlement settlement) const;
};

// Any number of carriers over one Operations, each with a folder of its own, by any threads.
class CourierCarrier {
 public:
  CourierCarrier(Operations& operations, auth::Rng& rng) : operations_(operations), rng_(rng) {}

  // Makes inbox, inbox/done and outbox where they are absent, then writes the server's certificate and a challenge
  // a user.
  // What fails for one user is in its line of the report; once the folder itself fails, the rest is not tried. Fails
  // with file_refused or storage_unavailable where the folders cannot be made: then nothing was issued. `purpose` holds
  // the members of challenge.issue that say what it is for, the same for all; an empty object is a login.
  Result<ExportReport> export_challenges(CourierFolder& folder, std::span<const std::string> usernames,
                                         const Json& purpose, const Progress& progress);

  // Takes what the inbox holds, at most kScanFilesMax files. A grant is durable in the outbox before its response is
  // moved. A refusal of the same id goes away when there is something better to say. What answers another server's
  // challenge stays as it is; a secret key stays too. Fails with file_refused or storage_unavailable where the inbox
  // cannot be listed or the outbox not be written: then no operation was run. An absent inbox is an empty one.
  Result<ImportReport> import_responses(CourierFolder& folder, const Progress& progress);

 private:
  Operations& operations_;
  auth::Rng& rng_;
};

}  // namespace countersign::transport::courier
