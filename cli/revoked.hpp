// A revocation record for people.
#pragma once

#include "storage/base/json.hpp"

namespace countersign::cli {

// Of the answer of an operation that revoked, what was revoked, why and when; the signature is for programs.
Json revocation_for_people(const Json& record);

}  // namespace countersign::cli
