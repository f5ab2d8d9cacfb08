#include "tests/support/fake_courier_operations.hpp"

#include <utility>

#include "storage/base/bytes.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::test {
namespace {

std::string line_after(std::string_view text, std::string_view name) {
  for (std::string_view line : split_lines(text)) {
    if (line.starts_with(name)) return std::string(line.substr(name.size()));
  }
  return {};
}

}  // namespace

std::string courier_armor(std::string_view label, std::string_view payload) {
  std::string out = "-----BEGIN " + std::string(label) + "-----\n\n";
  out += base64(sha256(as_bytes(payload)));
  out += "\n-----END " + std::string(label) + "-----\n";
  return out;
}

std::string courier_response(std::string_view challenge) {
  return courier_response_with_verdict(challenge, {});
}

std::string courier_response_to(std::string_view server, std::string_view challenge) {
  std::string out = courier_response(challenge);
  const std::string lines = "server: " + std::string(server) + "\nserver-key: AA\naccount: " + std::string(64, 'a') +
                            "\nkey: BB\nchallenge: ";
  out.replace(out.find("challenge: "), std::string_view("challenge: ").size(), lines);
  return out.replace(out.find("-----BEGIN PGP SIGNATURE"), 0, "nonce: x\n");
}

std::string courier_response_with_verdict(std::string_view challenge, std::string_view verdict) {
  std::string out = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\ncountersign-statement-v1\n";
  out += "challenge: " + std::string(challenge) + "\n";
  if (!verdict.empty()) out += "verdict: " + std::string(verdict) + "\n";
  return out + courier_armor("PGP SIGNATURE", challenge);
}

Result<Json> FakeCourierOperations::run(const transport::Message& message) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(message);
  const transport::Operation* row = transport::find_operation(message.operation);
  if (row == nullptr) return fail(ErrorCode::unknown_operation);
  if ((row->carriers & static_cast<std::uint8_t>(message.carrier)) == 0) return fail(ErrorCode::carrier_not_allowed);
  if (message.text.size() > row->body_bytes_max) return fail(ErrorCode::message_too_large);
  if (row->guard != transport::Guard::none) return fail(ErrorCode::not_permitted);
  if (const auto code = error_code_named(line_after(message.text, "verdict: "))) return fail(*code, "as asked");
  if (row->name == "server.show") {
    return Json::object()
        .set("server", kCourierServer)
        .set("public_key", courier_armor("PGP PUBLIC KEY BLOCK", "server"));
  }
  if (row->name == "challenge.issue") return issue(message.fields);
  if (row->name == "account.hold")
    return Json::object().set("held", hex_upper(sha256(as_bytes(message.text))).substr(0, 40));
  if (row->name == "response.redeem") return open_session(message.text);
  return fail(ErrorCode::unknown_operation);
}

Result<Json> FakeCourierOperations::open_session(const std::string& text) {
  if (sessions_fail_) return fail(session_code_, "as asked");
  if (!session_reply_.is_null()) return session_reply_;
  const std::string challenge = line_after(text, "challenge: ");
  if (challenge.empty()) return fail(ErrorCode::malformed_message, "no challenge line");
  const auto [grant, is_new] = grants_.try_emplace(challenge);
  if (is_new) grant->second = courier_armor("PGP MESSAGE", "grant " + challenge + std::to_string(grants_.size()));
  if (std::exchange(lose_answer_, false)) return fail(ErrorCode::storage_unavailable, "after it took effect");
  return Json::object().set("grant", grant->second);
}

Result<Json> FakeCourierOperations::issue(const Json& fields) {
  const Json* username = fields.find("username");
  const Json* transport = fields.find("transport");
  if (username == nullptr || transport == nullptr || transport->string() == nullptr ||
      *transport->string() != "courier") {
    return fail(ErrorCode::malformed_message);
  }
  const auto failing = issuing_fails_.find(*username->string());
  if (failing != issuing_fails_.end()) return fail(failing->second, "as asked");
  const std::string payload = *username->string() + std::to_string(++issued_);
  return Json::object()
      .set("challenge_message", courier_armor("PGP MESSAGE", payload))
      .set("expires_at", "2026-11-28T17:20:00Z");
}

void FakeCourierOperations::fail_sessions_with(ErrorCode code) {
  const std::lock_guard lock(mutex_);
  sessions_fail_ = true;
  session_code_ = code;
}

void FakeCourierOperations::work_again() {
  const std::lock_guard lock(mutex_);
  sessions_fail_ = false;
}

void FakeCourierOperations::lose_next_answer() {
  const std::lock_guard lock(mutex_);
  lose_answer_ = true;
}

void FakeCourierOperations::fail_issuing_for(std::string username, ErrorCode code) {
  const std::lock_guard lock(mutex_);
  issuing_fails_.insert_or_assign(std::move(username), code);
}

void FakeCourierOperations::answer_sessions_with(Json reply) {
  const std::lock_guard lock(mutex_);
  session_reply_ = std::move(reply);
}

std::size_t FakeCourierOperations::runs() const {
  const std::lock_guard lock(mutex_);
  return messages_.size();
}

std::size_t FakeCourierOperations::sessions_opened() const {
  const std::lock_guard lock(mutex_);
  return grants_.size();
}

std::vector<transport::Message> FakeCourierOperations::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

}  // namespace countersign::test
