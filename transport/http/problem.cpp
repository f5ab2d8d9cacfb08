#include "transport/http/problem.hpp"

#include <fmt/format.h>

#include "storage/base/json.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::http {
namespace {

constexpr std::size_t kDetailBytesMax = 512;

int status_of(Face face, ErrorCode code) {
  switch (face) {
    case Face::malformed:
      return code == ErrorCode::message_too_large ? 413 : 400;
    case Face::denied:
      return 401;
    case Face::conflict:
      return 409;
    case Face::slow_down:
      return 429;
    case Face::unavailable:
      return 503;
    case Face::not_found:
    case Face::integrity:
    case Face::failed:
      return 401;
  }
  return 401;
}

}  // namespace

Problem problem_of(const Error& error) {
  const Face face = public_face_of(error.code);
  Problem problem{status_of(face, error.code), face, {}};
  if (face == Face::malformed) {
    problem.detail = escape_for_display(error.detail.empty() ? name_of(error.code) : error.detail, kDetailBytesMax);
  }
  return problem;
}

Problem problem_of(const Refusal& refusal) {
  if (refusal.status >= 500) return {refusal.status, Face::unavailable, {}};
  return {refusal.status, Face::malformed, std::string(refusal.reason)};
}

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

// A limit on guessing refills over minutes; a full queue drains in a moment.
std::string_view retry_after_of(int status) {
  if (status == 429) return "60";
  if (status == 503) return "2";
  return {};
}

std::string document_of(const Problem& problem) {
  Json document = Json::object();
  document.set("type", "about:blank")
      .set("title", title_of(problem.status))
      .set("status", problem.status)
      .set("code", name_of(problem.face));
  if (!problem.detail.empty()) document.set("detail", problem.detail);
  return write_json(document);
}

std::string render(const Problem& problem, std::string_view allow, bool to_head, bool keep_alive) {
  const std::string document = document_of(problem);
  std::string out = fmt::format(
      "HTTP/1.1 {} {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Type: {}\r\n"
      "Content-Length: {}\r\n",
      problem.status, title_of(problem.status), kProblemType, document.size());
  if (!allow.empty()) out += fmt::format("Allow: {}\r\n", allow);
  if (const auto seconds = retry_after_of(problem.status); !seconds.empty()) {
    out += fmt::format("Retry-After: {}\r\n", seconds);
  }
  out += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  if (!to_head) out += document;
  return out;
}

}  // namespace countersign::transport::http
