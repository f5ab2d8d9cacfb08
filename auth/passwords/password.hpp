// A password that somebody typed: UTF-8, 1 to 1,024 bytes in Unicode normalisation form C, in which it is hashed (S12,
// S20), so that it is the same password from every keyboard. As it came it has at most 4 KiB.
#pragma once

#include <cstddef>

#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::passwords {

inline constexpr std::size_t kPasswordBytesMax = 1024;

class Password {
 public:
  // malformed_message: empty, too long, not UTF-8, or with a U+0000, which no message could carry.
  static Result<Password> admit(Secret given);

  // What is hashed.
  const Secret& normal() const { return normal_; }
  // As it came: what the predecessor hashed.
  const Secret& given() const { return given_; }
  bool came_normal() const { return given_.reveal_text() == normal_.reveal_text(); }

 private:
  Password(Secret given, Secret normal) : given_(std::move(given)), normal_(std::move(normal)) {}
  Secret given_;
  Secret normal_;
};

}  // namespace countersign::auth::passwords
