// What a refusal looks like on the wire: a status and a problem document (RFC 9457) whose `code` is the face.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/error.hpp"
#include "transport/http/request.hpp"

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
std::string_view title_of(int status);
// Seconds for Retry-After; nullopt for a status that has none.
std::string_view retry_after_of(int status);
std::string document_of(const Problem& problem);
// Bytes ready to send, for what never reached the carrier. `allow` may be empty.
std::string render(const Problem& problem, std::string_view allow, bool to_head, bool keep_alive);

inline constexpr std::string_view kProblemType = "application/problem+json";

}  // namespace countersign::transport::http
