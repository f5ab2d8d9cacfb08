// A record that somebody changed, or that cannot be understood: a list names it, and shows the others.
#pragma once

#include "storage/base/error.hpp"

namespace countersign::auth::records {

// Pure.
inline bool is_damage(ErrorCode code) {
  return code == ErrorCode::record_tampered || code == ErrorCode::record_unreadable;
}

}  // namespace countersign::auth::records
