#include "transport/operations/response_fields.hpp"

#include "auth/openpgp/gate/clear_signed.hpp"

namespace countersign::transport {
namespace {

using auth::openpgp::SignatureForm;

Result<ResponseFields> from_text(std::string_view text) {
  auto split = TRY(auth::openpgp::split_response(text));
  if (split.messages.size() != 1) return fail(ErrorCode::malformed_message, "one clear-signed message was expected");
  auto& only = split.messages.front();
  return ResponseFields{{std::move(only.challenge_hint), std::move(only.signature), SignatureForm::clear_signed},
                        split.certificate.value_or("")};
}

Result<auth::Response> from_detached(const Json& json) {
  JsonReader reader(json);
  auth::Response response;
  response.challenge = TRY(reader.text("challenge"));
  response.signature = TRY(reader.text("signature"));
  response.form = SignatureForm::detached;
  TRY(reader.finish());
  return response;
}

}  // namespace

Result<ResponseFields> take_response(const Message& message) {
  if (!message.text.empty()) {
    TRY(JsonReader(message.fields).finish());
    return from_text(message.text);
  }
  JsonReader reader(message.fields);
  if (!reader.has("response")) return ResponseFields{TRY(from_detached(message.fields)), ""};
  const Json response = reader.take("response");
  ResponseFields out;
  if (const std::string* text = response.string()) {
    out = TRY(from_text(*text));
    if (!out.public_key.empty()) return fail(ErrorCode::malformed_message, "the certificate goes into 'public_key'");
  } else {
    out.response = TRY(from_detached(response));
  }
  out.public_key = TRY(reader.text_or("public_key", ""));
  TRY(reader.finish());
  return out;
}

}  // namespace countersign::transport
