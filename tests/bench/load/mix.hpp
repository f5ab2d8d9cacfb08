// Which operations a client performs, and how often each.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::bench {

enum class Kind : std::uint8_t { get, check, authz, challenge, login, password, refresh };

inline constexpr Kind kKinds[] = {Kind::get,   Kind::check,    Kind::authz,  Kind::challenge,
                                  Kind::login, Kind::password, Kind::refresh};

std::string_view name_of(Kind kind);

class Mix {
 public:
  // `check=90,login=10`, or one kind by its name alone. Throws std::invalid_argument, with a sentence for people.
  explicit Mix(std::string_view text);

  bool has(Kind kind) const;
  // Does any of them need an account, a session, a password?
  bool needs_account() const;
  bool needs_session() const;
  // At random by the weights.
  Kind pick(std::minstd_rand& random) const;

 private:
  struct Part {
    Kind kind;
    unsigned weight;
  };
  std::vector<Part> parts_;
  unsigned total_ = 0;
};

}  // namespace countersign::bench
