// A folder of the Go predecessor, go-crypt/auth, read without changing or following anything in it: `users/<id>` with
// the endings of AccountPart (auth/records/account.hpp), and nothing else.
//
// A link, a file with a second name, anything that is no regular file, a file over the limit and a name that is no
// account's are strays: told by name and never opened.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "auth/records/account.hpp"
#include "storage/base/file_descriptor.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::accounts {

inline constexpr std::size_t kLegacyFileBytesMax = 128u << 10;

// What there is of one account. A stray in the place of a file is an empty text: there, and nobody can read it.
using LegacyFiles = std::map<records::AccountPart, Secret>;

// For one thread.
class LegacyFolder {
 public:
  struct Stray {
    std::string name;  // in `users`; foreign text
    std::string why;
  };

  // Looks at every name and opens no file. file_refused where there is no such folder, or something in it cannot be
  // read; legacy_folder_refused where `users` is a link.
  static Result<LegacyFolder> open(const std::string& path);

  // The ids of which there is anything, in byte order.
  std::vector<std::string> accounts() const;
  const std::vector<Stray>& strays() const { return strays_; }
  // file_refused, also where a file is another kind of thing by now.
  Result<LegacyFiles> read(const std::string& id) const;

 private:
  explicit LegacyFolder(FileDescriptor users) : users_(std::move(users)) {}
  Status look_at(const std::string& name);
  Result<Secret> read_file(const std::string& name) const;

  FileDescriptor users_;
  std::map<std::string, std::map<records::AccountPart, bool>> found_;  // id, part, is it to be read
  std::vector<Stray> strays_;
};

}  // namespace countersign::auth::accounts
