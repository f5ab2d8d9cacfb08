// Operations for the courier's tests: they take a response once, as the real ones do, and count what they did.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "transport/operations/operation.hpp"

namespace countersign::test {

// A text of the shape of a clear-signed response. The fakes read its `challenge:` line, and fail with the error that a
// `verdict:` line names.
std::string courier_response(std::string_view challenge);
std::string courier_response_with_verdict(std::string_view challenge, std::string_view verdict);
// One whose statement names its server, an account of 64 times `a`, and all that a splitter looks for.
inline constexpr std::string_view kCourierServer = "https://auth.example.org";
std::string courier_response_to(std::string_view server, std::string_view challenge);
std::string courier_armor(std::string_view label, std::string_view payload);

class FakeCourierOperations final : public transport::Operations {
 public:
  Result<Json> run(const transport::Message& message) override;

  // response.redeem fails with this as long as it is set.
  void fail_sessions_with(ErrorCode code);
  void work_again();
  // The next response.redeem takes effect and then fails, as where a process ends between commit and answer.
  void lose_next_answer();
  void fail_issuing_for(std::string username, ErrorCode code);
  // What response.redeem answers for any response instead.
  void answer_sessions_with(Json reply);

  std::size_t runs() const;
  std::size_t sessions_opened() const;  // one a challenge, however often its response came
  std::vector<transport::Message> messages() const;

 private:
  Result<Json> open_session(const std::string& text);
  Result<Json> issue(const Json& fields);

  mutable std::mutex mutex_;
  std::vector<transport::Message> messages_;
  std::map<std::string, std::string> grants_;  // by challenge
  std::map<std::string, ErrorCode> issuing_fails_;
  ErrorCode session_code_ = ErrorCode::failed;
  bool sessions_fail_ = false;
  bool lose_answer_ = false;
  Json session_reply_;
  std::size_t issued_ = 0;
};

}  // namespace countersign::test
