// A response and what comes with it, in each of the forms that a message may have:
//
//   text    one clear-signed message, perhaps followed by an armored certificate
//   fields  {"challenge", "signature"} (detached), or {"response": <either>, "public_key"?}
#pragma once

#include <string>

#include "auth/keys/rotation.hpp"
#include "auth/proving/proof.hpp"
#include "transport/operations/operation.hpp"

namespace countersign::transport {

struct ResponseFields {
  auth::proving::Response response;
  std::string public_key;  // armored; empty where none came
};

// malformed_message, message_too_large, file_incomplete. Members other than those above are refused.
Result<ResponseFields> take_response(const Message& message);
// The same of fields alone, where an operation has members besides: it calls finish() on the reader.
Result<ResponseFields> take_response(JsonReader& reader);

// A rotation: two clear-signed messages, by the current and by the new key, and the new certificate; or {"response",
// "new_response", "public_key"}. As take_response.
Result<auth::keys::RotationResponse> take_rotation(const Message& message);

// The sealed challenge that a response of any purpose names, so that it finds its operation. Fails as take_response;
// what else the message holds is not looked at.
Result<std::string> challenge_of(const Message& message);

}  // namespace countersign::transport
