// Argon2id, version 19 (RFC 9106), by libargon2: the only file that knows it.
#pragma once

#include "auth/passwords/arena.hpp"
#include "auth/passwords/argon2_parameters.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::passwords {

// References: what they name outlives the request.
struct HashRequest {
  const Secret& password;
  ByteView salt;
  Argon2Parameters parameters;
  const Secret& pepper;  // empty: none
};

// The tag, of kTagBytes. Its lanes are computed one after the other on this thread: the tag is the same. The arena
// grows as needed and is all zero afterwards. hasher_failed: no memory, or parameters that the library refuses; never
// a wrong tag. A thread an arena.
Result<Secret> compute_argon2id(const HashRequest& request, Arena& arena);

}  // namespace countersign::auth::passwords
