// How often each operation was asked for, how it came out, and how long it took; logins by what proved them.
//
// Every operation passes here, a session check of some ten microseconds too: counting is a few relaxed additions, with
// no lock and nothing allocated. What is counted of one request may be seen in part; nothing is ever lost. No label
// comes from a message: names of operations, faces and codes are ours, and so their number is known.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "transport/operations/operation.hpp"

namespace countersign::transport::metrics {

// What a login was proved by: a signature over HTTP, a password, a signature pasted into the pages.
enum class LoginKind : std::uint8_t { key, password, page };
inline constexpr std::size_t kLoginKinds = 3;
std::string_view name_of(LoginKind kind);
// Nothing where the message asks for no login.
std::optional<LoginKind> login_kind(const Message& message);

// How an operation came out, as its peer is told.
inline constexpr std::array kRefusingFaces = {Face::malformed, Face::denied, Face::conflict, Face::slow_down,
                                              Face::unavailable};
// Done, and each of those.
inline constexpr std::size_t kOutcomes = 1 + kRefusingFaces.size();
std::string_view outcome_name(std::size_t outcome);
// The place of a failure's public face among them; 0 where there is none.
std::size_t outcome_of(const std::optional<ErrorCode>& failure);

// Upper bounds, each with what is as long as itself. From a session check over a password hash to what is amiss.
inline constexpr std::array kDurationBounds = {
    std::chrono::microseconds(25),        std::chrono::microseconds(100),       std::chrono::microseconds(500),
    std::chrono::microseconds(1000),      std::chrono::microseconds(5000),      std::chrono::microseconds(10'000),
    std::chrono::microseconds(25'000),    std::chrono::microseconds(50'000),    std::chrono::microseconds(100'000),
    std::chrono::microseconds(250'000),   std::chrono::microseconds(500'000),   std::chrono::microseconds(1'000'000),
    std::chrono::microseconds(2'500'000), std::chrono::microseconds(5'000'000), std::chrono::microseconds(10'000'000),
};

class OperationCounts {
 public:
  using Count = std::atomic<std::uint64_t>;

  struct OfOperation {
    std::array<Count, kOutcomes> outcomes{};
    std::array<Count, kDurationBounds.size() + 1> durations{};  // not cumulative; the last is beyond every bound
    Count nanoseconds{0};
  };
  struct OfLogin {
    std::array<Count, kOutcomes> outcomes{};
  };

  OperationCounts();

  // Any thread.
  void count(const Message& message, const std::optional<ErrorCode>& failure, std::chrono::nanoseconds took) noexcept;

  // By the row of the operation table.
  const OfOperation& of_operation(std::size_t row) const { return operations_[row]; }
  const OfLogin& of_login(LoginKind kind) const { return logins_[static_cast<std::size_t>(kind)]; }
  std::uint64_t refused(ErrorCode code) const { return refusals_[static_cast<std::size_t>(code)]; }

 private:
  std::vector<OfOperation> operations_;
  std::array<OfLogin, kLoginKinds> logins_{};
  std::vector<Count> refusals_;
};

// The operations of another, counted.
class CountedOperations final : public Operations {
 public:
  // Both outlive it.
  CountedOperations(Operations& counted, OperationCounts& counts) : counted_(counted), counts_(counts) {}
  Result<Json> run(const Message& message) override;

 private:
  Operations& counted_;
  OperationCounts& counts_;
};

}  // namespace countersign::transport::metrics
