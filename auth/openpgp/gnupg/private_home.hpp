// A GnuPG home of our own, in a private folder: what gpg finds there and how it behaves is ours alone. For the worker.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::openpgp::gnupg {

// Which signatures count: with SHA-2 only, or with any hash, and of a key from the future too. Whoever takes away asks
// both.
enum class HashRule { strict, any_hash };

// What gpg.conf says; the time stands still (gpg's --faked-system-time with "!"), except where `now` is the second that
// it is: then gpg's clock runs. Pure.
std::string gpg_configuration(Instant now, HashRule rule);

// One thread at a time. Every method fails with openpgp_unavailable.
class PrivateHome {
 public:
  // Makes the folder, mode 0700.
  static Result<PrivateHome> make(const std::filesystem::path& folder);

  const std::string& path() const { return path_; }
  // For every gpg that starts from now on.
  Status set(Instant now, HashRule rule);
  // The home knows this one certificate and no other: a keyring of GnuPG's old format is nothing but its packets, so
  // nothing needs to be imported.
  Status hold(ByteView certificate);
  // Starts a gpg-agent that asks nobody and speaks to no token. It is of our process group, and ends when the home is
  // removed.
  Status start_agent();
  // Does it still answer?
  bool has_agent() const;
  // A file of the home.
  Status write(const char* name, std::string_view text);

 private:
  explicit PrivateHome(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::string configuration_;  // as it is on disk
};

}  // namespace countersign::auth::openpgp::gnupg
