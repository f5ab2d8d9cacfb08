// From a body to the fields or the text of a Message.
#pragma once

#include "storage/base/result.hpp"
#include "transport/http/request.hpp"
#include "transport/operations/operation.hpp"

namespace countersign::transport::http {

// Fills `fields` or `text`, by what the route takes:
//   a clear-signed message first in the body   text, whatever the content type says (curl calls everything a form);
//                                              empty lines before it are left out, as in a file
//   {...                                       JSON, where the content type is JSON, a form or absent
//   a form                                     where the route takes one: strict percent-decoding, no name twice
// Fails with 415 for another content type, with 400 for a body that is not what it claims, and with 400 and
// secret_key_handed_in where a secret key is in it, whatever its content type.
struct BodyRefusal {
  int status = 400;
  Error error;
};
tl::expected<void, BodyRefusal> read_body(const Request& request, Message& message);

// application/x-www-form-urlencoded (WHATWG URL §5), a strict part of it: UTF-8, no control character but CR, LF and
// tab, at most 32 names, none empty, none twice. malformed_message.
Result<Json> parse_form(std::string_view form);

// Whether an Accept header names application/json and does not weigh it with 0. A wildcard does not count: it says
// that anything will do.
bool accepts_json(std::string_view accept);

// The token of `Bearer TOKEN` (RFC 6750 §2.1; RFC 9110 §11.4: blanks between, the scheme in any case); empty for
// anything else.
Secret bearer_token(const Secret& authorization);

// For a header: everything outside [A-Za-z0-9._@-] percent-encoded, but the ASCII characters of `kept`: none of them is
// '%', a control character or a delete.
std::string header_text(std::string_view text, std::string_view kept = {});

}  // namespace countersign::transport::http
