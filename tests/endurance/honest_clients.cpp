#include "tests/endurance/honest_clients.hpp"

#include <algorithm>
#include <optional>

#include "tests/endurance/priority.hpp"

namespace countersign::test {
namespace {

// No two of them have one.
std::string address_of(std::size_t number) {
  return "127.0.0." + std::to_string(10 + number);
}

std::string bearer(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

double milliseconds_since(SteadyClock::time_point then) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - then).count();
}

// Of no status where there is no connection, or none any longer.
WireReply exchange(Wire& wire, const std::string& request) {
  return wire.connected() && wire.send(request) ? wire.reply() : WireReply();
}

constexpr const char* kForm = "Content-Type: application/x-www-form-urlencoded\r\n";
constexpr const char* kText = "Content-Type: text/plain\r\n";

}  // namespace

HonestClients::HonestClients(const Installation& installation, const RunningServer& server, HonestRates rates)
    : server_(server), rates_(rates), calls_(2 * kThreadsOfKind + 1) {
  installation.add_account("alice", alice_.certificate());
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < kThreadsOfKind; ++i) sessions.push_back(open_session());
  begun_ = SteadyClock::now();
  for (std::size_t i = 0; i < 2 * kThreadsOfKind; ++i) {
    const CallKind kind = i < kThreadsOfKind ? CallKind::kept : CallKind::fresh;
    const Session& session = sessions[i % kThreadsOfKind];
    threads_.emplace_back([this, kind, i, session] { check(kind, i, session, calls_[i]); });
  }
  threads_.emplace_back([this] { log_in(calls_.back()); });
}

HonestClients::~HonestClients() {
  if (!stopped_) stop();
}

std::vector<Call> HonestClients::stop() {
  stopped_ = true;
  for (std::thread& thread : threads_) thread.join();
  std::vector<Call> all;
  for (const std::vector<Call>& calls : calls_) all.insert(all.end(), calls.begin(), calls.end());
  std::sort(all.begin(), all.end(), [](const Call& a, const Call& b) { return a.due < b.due; });
  return all;
}

HonestClients::Session HonestClients::open_session() {
  const std::string response = alice_.answer(server_.post_form("/v1/challenge", "username=alice").body);
  const Json opened = json_of(server_.post_text("/v1/session", response).body);
  return {field(opened, "token"), field(opened, "session")};
}

// Whichever thread of a kind is free makes the call that is due next, so that one which waits keeps no other waiting.
void HonestClients::check(CallKind kind, std::size_t thread, const Session& session, std::vector<Call>& calls) {
  run_before_others();
  std::atomic<std::size_t>& next = kind == CallKind::kept ? next_kept_ : next_fresh_;
  const std::string request = http_request("GET", "/v1/session", bearer(session.token));
  const std::chrono::duration<double> between(1 / rates_.checks_a_second);
  std::optional<Wire> wire;
  while (true) {
    const auto after = std::chrono::duration_cast<SteadyClock::duration>(between * static_cast<double>(next++));
    const SteadyClock::time_point due = begun_ + after;
    std::this_thread::sleep_until(due);
    if (stopped_) return;
    WireReply reply;
    if (wire) reply = exchange(*wire, request);
    // A kept connection may have been closed meanwhile; whoever asks tells that by a new one (RFC 9110 9.2.2).
    if (reply.status == 0) reply = exchange(wire.emplace(server_.port(), address_of(thread)), request);
    const bool right = reply.status == 200 && reply.body.find(session.id) != std::string::npos;
    calls.push_back({kind, due, milliseconds_since(due), reply.status, right});
    if (kind == CallKind::fresh) wire.reset();
  }
}

void HonestClients::log_in(std::vector<Call>& calls) {
  for (SteadyClock::time_point due = begun_; !stopped_; due = SteadyClock::now() + rates_.between_logins) {
    while (SteadyClock::now() < due && !stopped_) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (!stopped_) calls.push_back(log_in_once(SteadyClock::now()));
  }
}

// And out again. What gpg takes is not the server's.
Call HonestClients::log_in_once(SteadyClock::time_point due) {
  Call call{CallKind::login, due, 0, 0, false};
  const auto ask = [&](const std::string& request) {
    const SteadyClock::time_point begun = SteadyClock::now();
    Wire wire(server_.port(), address_of(2 * kThreadsOfKind));
    WireReply reply = exchange(wire, request);
    call.milliseconds += milliseconds_since(begun);
    call.status = reply.status;
    return reply;
  };
  const WireReply challenge = ask(http_request("POST", "/v1/challenge", kForm, "username=alice"));
  if (challenge.status != 200) return call;
  const WireReply opened = ask(http_request("POST", "/v1/session", kText, alice_.answer(challenge.body)));
  if (opened.status != 201) return call;
  const std::string token = field(json_of(opened.body), "token");
  call.right = ask(http_request("DELETE", "/v1/session", bearer(token))).status == 204;
  return call;
}

}  // namespace countersign::test
