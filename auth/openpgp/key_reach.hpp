// Where the server's secret key is not in this process: in a GnuPG home, perhaps in a token that somebody can pull.
#pragma once

#include "storage/base/result.hpp"

namespace countersign::auth::openpgp {

// Any thread at any time.
class KeyReach {
 public:
  virtual ~KeyReach() = default;

  // Is the key where it was, so that a signature can be asked for? Asks nobody for a PIN and signs nothing.
  // openpgp_unavailable, with what to do.
  virtual Status look() = 0;
};

}  // namespace countersign::auth::openpgp
