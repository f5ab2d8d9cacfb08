// A value or an Error. Dropping one is a compiler warning, and warnings are errors.
#pragma once

#include <string>
#include <utility>

#include "storage/base/error.hpp"

namespace tl {
template <class T, class E>
class [[nodiscard]] expected;
}
#include <tl/expected.hpp>

namespace countersign {

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline Status ok() {
  return {};
}
inline tl::unexpected<Error> fail(ErrorCode code, std::string detail = {}) {
  return tl::unexpected<Error>(Error{code, std::move(detail)});
}

namespace detail {
template <class T>
T take(tl::expected<T, Error>&& result) {
  return *std::move(result);
}
inline void take(tl::expected<void, Error>&&) {}
}  // namespace detail

}  // namespace countersign

// The value of a Result, or return its error from the enclosing function:  const Entry entry = TRY(medium.read(name));
// Each use has a variable of its own, so that one may stand within another. It may be an argument, but not an element
// between braces, Pair{f(), TRY(g())}: g++ 12 and clang 14 both forget to destroy the elements before it, and so leak
// them, a Secret unwiped among them.
#define TRY(...) COUNTERSIGN_TRY_NAMED(__COUNTER__, __VA_ARGS__)
#define COUNTERSIGN_TRY_NAMED(number, ...) COUNTERSIGN_TRY_AS(number, __VA_ARGS__)
#define COUNTERSIGN_TRY_AS(number, ...)                                                      \
  __extension__({                                                                            \
    auto try_result_##number = (__VA_ARGS__);                                                \
    if (!try_result_##number) {                                                              \
      return ::tl::unexpected<::countersign::Error>(std::move(try_result_##number).error()); \
    }                                                                                        \
    ::countersign::detail::take(std::move(try_result_##number));                             \
  })
