#include "transport/operations/response_fields.hpp"

#include "auth/openpgp/gate/clear_signed.hpp"

namespace countersign::transport {
namespace {

using auth::openpgp::SignatureForm;

Result<ResponsesTaken> from_text(std::string_view text) {
  auto split = TRY(auth::openpgp::gate::split_response(text));
  ResponsesTaken out;
  for (auto& message : split.messages) {
    out.responses.push_back(
        {std::move(message.challenge_hint), std::move(message.signature), SignatureForm::clear_signed});
  }
  out.public_key = split.certificate.value_or("");
  return out;
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
  auto taken = TRY(one_response(TRY(from_text(*text))));
  if (!taken.public_key.empty()) {
    return fail(ErrorCode::malformed_message, "the certificate goes into 'public_key'");
  }
  return std::move(taken.response);
}

Result<ResponsesTaken> take_responses(JsonReader& reader) {
  ResponsesTaken out;
  if (!reader.has("response")) {
    out.responses.push_back(TRY(from_detached(reader)));
    return out;
  }
  out.responses.push_back(TRY(from_member(reader, "response")));
  if (reader.has("new_response")) out.responses.push_back(TRY(from_member(reader, "new_response")));
  out.public_key = TRY(reader.text_or("public_key", ""));
  return out;
}

}  // namespace

Result<ResponsesTaken> take_responses(const Message& message) {
  JsonReader reader(message.fields);
  auto out = message.text.empty() ? TRY(take_responses(reader)) : TRY(from_text(message.text));
  TRY(reader.finish());
  return out;
}

Result<ResponseFields> one_response(ResponsesTaken taken) {
  if (taken.responses.size() != 1) return fail(ErrorCode::malformed_message, "one response was expected");
  return ResponseFields{std::move(taken.responses.front()), std::move(taken.public_key)};
}

Result<auth::keys::RotationResponse> rotation_response(ResponsesTaken taken) {
  if (taken.responses.size() != 2 || taken.public_key.empty()) {
    return fail(ErrorCode::malformed_message,
                "a rotation is the statement signed by the current key, the same by the new key, and the new "
                "certificate");
  }
  return auth::keys::RotationResponse{std::move(taken.responses[0]), std::move(taken.responses[1]),
                                      std::move(taken.public_key)};
}

Result<ResponseFields> take_response(const Message& message) {
  return one_response(TRY(take_responses(message)));
}

Result<ResponseFields> take_response(JsonReader& reader) {
  return one_response(TRY(take_responses(reader)));
}

}  // namespace countersign::transport
