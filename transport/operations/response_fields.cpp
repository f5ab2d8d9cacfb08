#include "transport/operations/response_fields.hpp"

#include "auth/openpgp/gate/clear_signed.hpp"

namespace countersign::transport {
namespace {

using auth::openpgp::SignatureForm;

Result<ResponseFields> from_text(std::string_view text) {
  auto split = TRY(auth::openpgp::gate::split_response(text));
  if (split.messages.size() != 1) return fail(ErrorCode::malformed_message, "one clear-signed message was expected");
  auto& only = split.messages.front();
  return ResponseFields{{std::move(only.challenge_hint), std::move(only.signature), SignatureForm::clear_signed},
                        split.certificate.value_or("")};
}

Result<auth::proving::Response> from_detached(JsonReader& reader) {
  auth::proving::Response response;
  response.challenge = TRY(reader.text("challenge"));
  response.signature = TRY(reader.text("signature"));
  response.form = SignatureForm::detached;
  return response;
}

// A member that is a clear-signed text or an object.
Result<auth::proving::Response> from_member(JsonReader& reader, std::string_view name) {
  const Json member = reader.take(name);
  const std::string* text = member.string();
  if (text == nullptr) {
    JsonReader detached(member);
    auto response = TRY(from_detached(detached));
    TRY(detached.finish());
    return response;
  }
  auto taken = TRY(from_text(*text));
  if (!taken.public_key.empty()) {
    return fail(ErrorCode::malformed_message, "the certificate goes into 'public_key'");
  }
  return std::move(taken.response);
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
  out.response = TRY(from_member(reader, "response"));
  out.public_key = TRY(reader.text_or("public_key", ""));
  return out;
}

Result<auth::keys::RotationResponse> take_rotation(const Message& message) {
  auth::keys::RotationResponse out;
  JsonReader reader(message.fields);
  if (!message.text.empty()) {
    TRY(reader.finish());
    auto split = TRY(auth::openpgp::gate::split_response(message.text));
    if (split.messages.size() != 2 || !split.certificate) {
      return fail(ErrorCode::malformed_message,
                  "a rotation is the statement clear-signed by the current key, the same by the new key, and the new "
                  "certificate");
    }
    auto& current = split.messages[0];
    auto& next = split.messages[1];
    out.current = {std::move(current.challenge_hint), std::move(current.signature), SignatureForm::clear_signed};
    out.next = {std::move(next.challenge_hint), std::move(next.signature), SignatureForm::clear_signed};
    out.public_key = *std::move(split.certificate);
    return out;
  }
  out.current = TRY(from_member(reader, "response"));
  out.next = TRY(from_member(reader, "new_response"));
  out.public_key = TRY(reader.text("public_key"));
  TRY(reader.finish());
  return out;
}

Result<std::string> challenge_of(const Message& message) {
  if (!message.text.empty())
    return TRY(auth::openpgp::gate::split_response(message.text)).messages.front().challenge_hint;
  JsonReader reader(message.fields);
  if (!reader.has("response")) return reader.text("challenge");
  const Json response = reader.take("response");
  if (const std::string* text = response.string()) {
    return TRY(auth::openpgp::gate::split_response(*text)).messages.front().challenge_hint;
  }
  JsonReader detached(response);
  return detached.text("challenge");
}

}  // namespace countersign::transport
