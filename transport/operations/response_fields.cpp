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

Result<auth::Response> from_detached(JsonReader& reader) {
  auth::Response response;
  response.challenge = TRY(reader.text("challenge"));
  response.signature = TRY(reader.text("signature"));
  response.form = SignatureForm::detached;
  return response;
}

}  // namespace

Result<ResponseFields> take_response(const Message& message) {
  if (!message.text.empty()) {
    TRY(JsonReader(message.fields).finish());
    return from_text(message.text);
  }
  JsonReader reader(message.fields);
  auto out = TRY(take_response(reader));
  TRY(reader.finish());
  return out;
}

Result<ResponseFields> take_response(JsonReader& reader) {
  ResponseFields out;
  if (!reader.has("response")) {
    out.response = TRY(from_detached(reader));
    return out;
  }
  const Json response = reader.take("response");
  if (const std::string* text = response.string()) {
    out = TRY(from_text(*text));
    if (!out.public_key.empty()) return fail(ErrorCode::malformed_message, "the certificate goes into 'public_key'");
  } else {
    JsonReader detached(response);
    out.response = TRY(from_detached(detached));
    TRY(detached.finish());
  }
  out.public_key = TRY(reader.text_or("public_key", ""));
  return out;
}

}  // namespace countersign::transport
