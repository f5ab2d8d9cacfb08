// A response and what comes with it, in each of the forms that a message may have:
//
//   text    one clear-signed message, perhaps followed by an armored certificate
//   fields  {"challenge", "signature"} (detached), or {"response": <either>, "public_key"?}
//
// Of a rotation: two clear-signed messages, by the current and by the new key, and the new certificate; or {"response",
// "new_response", "public_key"}.
#pragma once

#include <string>
#include <vector>

#include "auth/keys/rotation.hpp"
#include "auth/proving/proof.hpp"
#include "transport/operations/operation.hpp"

namespace countersign::transport {

struct ResponseFields {
  auth::proving::Response response;
  std::string public_key;  // armored; empty where none came
};

// Whatever response came, of whatever purpose.
struct ResponsesTaken {
  std::vector<auth::proving::Response> responses;  // one at least; a rotation's second one is by the new key
  std::string public_key;                          // armored; empty where none came
};

// malformed_message, message_too_large, file_incomplete. Members other than those above are refused.
Result<ResponsesTaken> take_responses(const Message& message);

// malformed_message where the one response, or the two of a rotation with their certificate, are not what came.
Result<ResponseFields> one_response(ResponsesTaken taken);
Result<auth::keys::RotationResponse> rotation_response(ResponsesTaken taken);

// One response. As above.
Result<ResponseFields> take_response(const Message& message);
// The same of fields alone, where an operation has members besides: it calls finish() on the reader.
Result<ResponseFields> take_response(JsonReader& reader);

}  // namespace countersign::transport
