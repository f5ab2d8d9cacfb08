// An Argon2id hash as it is kept: `users/<id>.hash`, in the PHC string format.
//
//   $argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<tag>
//
// There is one way to write each hash, and only that is read: exactly argon2id and v=19, decimal numbers without sign
// or leading zero within the bounds of argon2_parameters.hpp, salt (16 to 64 bytes) and tag (exactly 32) in canonical
// base64 without padding (RFC 4648 §4), nothing before or behind. libargon2 is laxer in every one of these, so nothing
// that is stored reaches it unparsed. Pure.
#pragma once

#include <string>
#include <string_view>

#include "auth/passwords/argon2_parameters.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::passwords {

struct PhcString {
  Argon2Parameters parameters;
  Bytes salt;
  Secret tag;
};

// record_unreadable; the detail says what is wrong and holds nothing of the text.
Result<PhcString> parse_phc_string(std::string_view text);
// The text, which is as worth protecting as the tag in it.
Secret write_phc_string(const PhcString& phc);

}  // namespace countersign::auth::passwords
