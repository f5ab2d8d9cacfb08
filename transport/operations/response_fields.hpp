// A response and what comes with it, in each of the forms that a message may have:
//
//   text    one clear-signed message, perhaps followed by an armored certificate
//   fields  {"challenge", "signature"} (detached), or {"response": <either>, "public_key"?}
#pragma once

#include <string>

#include "auth/challenges/proof.hpp"
#include "transport/operations/operation.hpp"

namespace countersign::transport {

struct ResponseFields {
  auth::Response response;
  std::string public_key;  // armored; empty where none came
};

// malformed_message, message_too_large, file_incomplete. Members other than those above are refused.
Result<ResponseFields> take_response(const Message& message);
// The same of fields alone, where an operation has members besides: it calls finish() on the reader.
Result<ResponseFields> take_response(JsonReader& reader);

}  // namespace countersign::transport
