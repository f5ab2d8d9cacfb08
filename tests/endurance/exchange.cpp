#include "tests/endurance/exchange.hpp"

#include <sys/socket.h>

#include <chrono>

namespace countersign::test {
namespace {

// A server is stopped for some seconds and may then wait for another that was; this is far off.
constexpr int kAnswerSecondsMax = 120;

}  // namespace

Outcome Exchange::ask(std::size_t server, const std::string& request, int success) const {
  const std::uint16_t port = machine_.port(server);
  if (port == 0) return {Answer::none, false, "", "down"};
  // One that was accepted by the system is answered or not, as the server is; only one that was not did not happen.
  Wire wire(port);
  if (!wire.connected()) return {Answer::none, false, "", "down"};
  const timeval limit{kAnswerSecondsMax, 0};
  setsockopt(wire.socket(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const auto sent_at = std::chrono::steady_clock::now();
  wire.send(request);
  const WireReply reply = wire.reply();
  const std::string line = request.substr(0, request.find('\r'));
  if (std::chrono::steady_clock::now() - sent_at >= std::chrono::seconds(kAnswerSecondsMax)) {
    tally_.violate("no answer in two minutes to " + line);
  }
  const std::string length = reply.header("content-length");
  const bool whole = reply.status != 0 && (length.empty() || reply.body.size() == std::stoul(length));
  const std::string word = std::to_string(reply.status) + " of " + std::to_string(server);
  if (whole && reply.status == success) return {Answer::accepted, true, reply.body, word};
  if (whole && reply.status == 401) return {Answer::refused, true, "", word};
  if (whole && reply.status != 503) tally_.violate(line + ": " + word + " " + reply.body);
  tally_.count(whole ? "unavailable" : "connection lost");
  return {Answer::none, true, "", word};
}

Outcome Exchange::run(const std::vector<std::string>& arguments, std::string_view input) const {
  const ProgramRun run = machine_.run(arguments, input);
  const std::string word = "exit code " + std::to_string(run.exit_code);
  switch (run.exit_code) {
    case 0:
      return {Answer::accepted, true, run.output, word};
    case 3:
    case 4:
    case 5:
      return {Answer::refused, true, "", word};
    case 7:
      tally_.count("command unavailable");
      return {Answer::none, true, "", word};
    default:
      tally_.violate("countersign " + arguments[0] + " " + arguments[1] + ": " + word + ", " + run.error);
      return {Answer::none, true, "", word};
  }
}

}  // namespace countersign::test
