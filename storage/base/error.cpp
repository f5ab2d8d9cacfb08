#include "storage/base/error.hpp"

#include "storage/base/enum_names.hpp"

namespace countersign {
namespace {

constexpr EnumNames<Face::malformed, Face::failed> kFaces("malformed", "denied", "conflict", "slow_down", "unavailable",
                                                          "not_found", "integrity", "failed");

}  // namespace

std::string_view name_of(ErrorCode code) {
  switch (code) {
#define X(name, face)   \
  case ErrorCode::name: \
    return #name;
    COUNTERSIGN_ERROR_CODES(X)
#undef X
  }
  return "failed";
}

std::optional<ErrorCode> error_code_named(std::string_view name) {
#define X(code, face) \
  if (name == #code) return ErrorCode::code;
  COUNTERSIGN_ERROR_CODES(X)
#undef X
  return std::nullopt;
}

Face face_of(ErrorCode code) {
  switch (code) {
#define X(name, face)   \
  case ErrorCode::name: \
    return Face::face;
    COUNTERSIGN_ERROR_CODES(X)
#undef X
  }
  return Face::failed;
}

std::string_view name_of(Face face) {
  return kFaces.of(face);
}

Face public_face_of(ErrorCode code) {
  const Face face = face_of(code);
  switch (face) {
    case Face::malformed:
    case Face::denied:
    case Face::conflict:
    case Face::slow_down:
    case Face::unavailable:
      return face;
    case Face::not_found:
    case Face::integrity:
    case Face::failed:
      return Face::denied;
  }
  return Face::denied;
}

}  // namespace countersign
