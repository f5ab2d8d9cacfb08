// An OpenPGP key made on the spot, and what its owner does with it: open a message, clear-sign what was in it.
#pragma once

#include <rnp/rnp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "storage/base/handle.hpp"
#include "storage/base/time.hpp"

namespace countersign::test {

// Ed25519 and Curve25519. One thread at a time. Throws std::runtime_error.
class OpenPgpKey {
 public:
  explicit OpenPgpKey(const std::string& user_id);

  // Armored.
  const std::string& certificate() const { return certificate_; }
  // The text of an armored message, whether or not it says whom it is for.
  std::string open(std::string_view message) const;
  // Dated so far ahead of the machine's clock.
  std::string clear_sign(std::string_view text, Seconds ahead = Seconds(0)) const;

 private:
  using Ffi = std::unique_ptr<rnp_ffi_st, GiveBack<&rnp_ffi_destroy>>;
  using Key = std::unique_ptr<rnp_key_handle_st, GiveBack<&rnp_key_handle_destroy>>;

  Ffi ffi_;
  Key primary_;
  std::array<std::uint8_t, 8> encryption_key_id_{};
  std::string certificate_;
};

}  // namespace countersign::test
