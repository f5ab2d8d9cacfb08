#include "transport/http/message_body.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/openpgp/gate/clear_signed.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/percent.hpp"
#include "storage/base/text.hpp"
#include "storage/base/text_encoding.hpp"
#include "transport/http/response.hpp"

namespace countersign::transport::http {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::size_t kFormNamesMax = 32;
constexpr std::size_t kTokenBytesMax = 256;

std::string media_type(std::string_view value) {
  std::string type(trimmed(value.substr(0, value.find(';'))));
  std::transform(type.begin(), type.end(), type.begin(), lower_ascii);
  return type;
}

tl::unexpected<BodyRefusal> refused(int status, std::string detail) {
  return tl::unexpected<BodyRefusal>(BodyRefusal{status, Error{ErrorCode::malformed_message, std::move(detail)}});
}

bool is_form_text(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return (byte < 0x20 && c != '\r' && c != '\n' && c != '\t') || byte == 0x7f;
         });
}

Result<std::string> decode_form_part(std::string_view part) {
  auto text = percent_decode(part, ' ');
  if (!text) return fail(ErrorCode::malformed_message, "form: percent-encoding");
  if (!is_form_text(*text)) return fail(ErrorCode::malformed_message, "form: not plain UTF-8 text");
  return std::move(*text);
}

tl::expected<void, BodyRefusal> read_fields(Result<Json> parsed, Message& message) {
  if (!parsed) return tl::unexpected<BodyRefusal>(BodyRefusal{400, std::move(parsed).error()});
  if (parsed->members() == nullptr) return refused(400, "the body is no JSON object");
  message.fields = std::move(*parsed);
  return {};
}

}  // namespace

tl::expected<void, BodyRefusal> read_body(const Request& request, Message& message) {
  const Route& route = *request.match.route;
  const std::string_view body = request.body;
  if (route.body_bytes_max() == 0 || (route.bodies == Bodies::optional && body.empty())) return {};
  // curl sends a file as it is. What needs no decoding is copied nowhere: it may hold a password.
  Secret decoded;
  if (is_encoded(body)) {
    auto read = decode_text(request.body);
    if (!read) return refused(400, read.error().detail);
    decoded = Secret::take(*read);
  }
  const std::string_view text = decoded.empty() ? body : decoded.reveal_text();
  // First: its owner is to know, whatever else is wrong with what they sent.
  if (auth::openpgp::gate::is_secret_key(text)) {
    return tl::unexpected<BodyRefusal>(BodyRefusal{400, auth::openpgp::gate::refuse_secret_key().value()});
  }
  if (auth::openpgp::gate::holds_clear_signed(text) && route.bodies != Bodies::optional) {
    if (!is_utf8(text)) return refused(400, "the body is not UTF-8");
    message.text = text;
    return {};
  }
  // JSON is taken in UTF-8 without a mark only (RFC 8259 §8.1): whatever reads it on the way here is to see the same.
  const std::string type = media_type(request.content_type);
  if (type == kJsonType || ((type.empty() || type == kFormType) && text.starts_with('{'))) {
    return read_fields(parse_json(body), message);
  }
  if (type == kFormType && route.bodies == Bodies::form) return read_fields(parse_form(body), message);
  if (type.empty() || type == kFormType || type == kTextType)
    return refused(415, "neither JSON nor a clear-signed message");
  return refused(415, "content type");
}

Result<Json> parse_form(std::string_view form) {
  Json fields = Json::object();
  std::size_t names = 0;
  while (!form.empty()) {
    const std::size_t end = std::min(form.find('&'), form.size());
    const std::string_view pair = form.substr(0, end);
    form.remove_prefix(std::min(form.size(), end + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return fail(ErrorCode::malformed_message, "form: no name=value");
    std::string name = TRY(decode_form_part(pair.substr(0, equals)));
    std::string value = TRY(decode_form_part(pair.substr(equals + 1)));
    if (name.empty() || fields.find(name) != nullptr) return fail(ErrorCode::malformed_message, "form: a name twice");
    if (++names > kFormNamesMax) return fail(ErrorCode::malformed_message, "form: too many names");
    fields.set(std::move(name), Json(std::move(value)));
  }
  return fields;
}

bool accepts_json(std::string_view accept) {
  while (!accept.empty()) {
    const std::size_t end = std::min(accept.find(','), accept.size());
    std::string_view range = accept.substr(0, end);
    accept.remove_prefix(std::min(accept.size(), end + 1));
    if (media_type(range) != kJsonType) continue;
    bool wanted = true;
    while (true) {
      const std::size_t semicolon = range.find(';');
      if (semicolon == std::string_view::npos) break;
      range.remove_prefix(semicolon + 1);
      const std::string_view parameter = trimmed(range.substr(0, range.find(';')));
      if (parameter.size() > 2 && lower_ascii(parameter[0]) == 'q' && parameter[1] == '=') {
        wanted = parameter.find_first_not_of("0.", 2) != std::string_view::npos;
      }
    }
    if (wanted) return true;
  }
  return false;
}

Secret bearer_token(const Secret& authorization) {
  constexpr std::string_view kScheme = "bearer ";
  std::string_view token = authorization.reveal_text();
  if (token.size() < kScheme.size() ||
      !std::equal(kScheme.begin(), kScheme.end(), token.begin(), [](char a, char b) { return a == lower_ascii(b); })) {
    return {};
  }
  token.remove_prefix(std::min(token.find_first_not_of(' ', kScheme.size()), token.size()));
  const bool strict = token.size() <= kTokenBytesMax && std::all_of(token.begin(), token.end(), [](char c) {
                        return (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                               c == '.' || c == '_' || c == '~' || c == '+' || c == '/' || c == '=';
                      });
  return strict ? Secret(as_bytes(token)) : Secret{};
}

std::string header_text(std::string_view text, std::string_view kept) {
  return percent_encode(text, fmt::format("._@-{}", kept));
}

}  // namespace countersign::transport::http
