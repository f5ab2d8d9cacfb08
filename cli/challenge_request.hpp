// What a challenge is asked for, on a command line of the server's side.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct ChallengePurpose {
  std::string purpose;         // empty is login
  std::string public_key;      // enrol: a file with the certificate
  std::string new_public_key;  // rotate: a file with the next certificate
  std::string reason;          // revoke: the code

  // `purposes` are those that may be asked for.
  Arguments arguments(std::vector<std::string> purposes);
};

// The members of challenge.issue that say so, each only where it is given. usage where one is given that the purpose
// does not take; as read_certificate.
Result<Json> purpose_fields(const ChallengePurpose& purpose, Terminal& terminal);

}  // namespace countersign::cli
