#include "transport/http/problem.hpp"

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

Response respond(const Problem& problem) {
  Json document = Json::object();
  document.set("type", "about:blank")
      .set("title", title_of(problem.status))
      .set("status", problem.status)
      .set("code", name_of(problem.face));
  if (!problem.detail.empty()) document.set("detail", problem.detail);
  Response response{problem.status, kProblemType, write_json(document)};
  // A limit on guessing refills over minutes; a full queue drains in a moment.
  if (problem.status == 429) response.add_header("Retry-After", "60");
  if (problem.status == 503) response.add_header("Retry-After", "2");
  return response;
}

Response respond(const Refusal& refusal) {
  Response response = respond(problem_of(refusal));
  if (!refusal.allow.empty()) response.add_header("Allow", refusal.allow);
  return response;
}

}  // namespace countersign::transport::http
