// What a refusal looks like on the wire: a status and a problem document (RFC 9457) whose `code` is the face.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/error.hpp"
#include "transport/http/request.hpp"
#include "transport/http/response.hpp"

namespace countersign::transport::http {

struct Problem {
  int status = 503;
  Face face = Face::unavailable;
  std::string detail;  // printable; empty for every face but malformed
};

// The table of design.md, "Failures", through public_face_of. Only what is wrong with the form of a message is told,
// since that says nothing about anybody; for all else the document is a constant.
Problem problem_of(const Error& error);
Problem problem_of(const Refusal& refusal);
// The document, and how long to wait where waiting helps.
Response respond(const Problem& problem);
// What never became an operation; with 405 it names the methods there are.
Response respond(const Refusal& refusal);

inline constexpr std::string_view kProblemType = "application/problem+json";

}  // namespace countersign::transport::http
