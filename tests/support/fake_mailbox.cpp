#include "tests/support/fake_mailbox.hpp"

#include <algorithm>

namespace countersign::test {

using namespace transport::wormhole;

void FakeMailbox::connect(const std::string& side, Wormhole& wormhole) {
  drop(side);
  connections_[side].wormhole = &wormhole;
  wormhole.connected();
  wormhole.receive(Welcome{});
}

void FakeMailbox::drop(const std::string& side) {
  const auto found = connections_.find(side);
  if (found == connections_.end()) return;
  found->second.wormhole->lost();
  connections_.erase(found);
}

void FakeMailbox::forget() {
  while (!connections_.empty()) drop(connections_.begin()->first);
  nameplates_.clear();
  boxes_.clear();
}

void FakeMailbox::run() {
  for (bool quiet = false; !quiet;) {
    quiet = true;
    for (auto& [side, connection] : connections_) {
      for (const MailboxCommand& command : connection.wormhole->take_commands()) {
        quiet = false;
        obey(side, connection, command);
      }
    }
  }
}

void FakeMailbox::complain(Connection& connection, const std::string& error) {
  errors.push_back(error);
  connection.wormhole->receive(MailboxError{error});
}

void FakeMailbox::tell(const std::string& side, const PhaseMessage& message) {
  const auto found = connections_.find(side);
  if (found == connections_.end()) return;
  const auto told = mangle ? mangle(side, message) : std::vector<PhaseMessage>{message};
  for (const PhaseMessage& one : told) found->second.wormhole->receive(one);
}

void FakeMailbox::claim(const std::string& side, Connection& connection, const std::string& nameplate) {
  if (std::exchange(connection.claimed, true)) return complain(connection, "only one claim per connection");
  auto& entry = nameplates_[nameplate];
  if (entry.mailbox.empty()) entry.mailbox = "box" + std::to_string(next_++);
  const auto claims = entry.sides.find(side);
  if (claims != entry.sides.end() && !claims->second) return complain(connection, "reclaimed");
  entry.sides[side] = true;
  if (entry.sides.size() > 2) return complain(connection, "crowded");
  boxes_[entry.mailbox].sides.insert(side);
  connection.wormhole->receive(Claimed{entry.mailbox});
}

void FakeMailbox::open(const std::string& side, Connection& connection, const std::string& mailbox) {
  if (!connection.mailbox.empty()) return complain(connection, "only one open per connection");
  connection.mailbox = mailbox;
  Box& box = boxes_[mailbox];
  box.sides.insert(side);
  if (box.sides.size() > 2) return complain(connection, "crowded");
  box.open.insert(side);
  auto messages = box.messages;
  if (replays_backward) std::reverse(messages.begin(), messages.end());
  for (const PhaseMessage& message : messages) tell(side, message);
}

void FakeMailbox::obey(const std::string& side, Connection& connection, const MailboxCommand& command) {
  if (std::holds_alternative<Bind>(command)) {
    if (std::exchange(connection.bound, true)) complain(connection, "already bound");
    return;
  }
  if (!connection.bound) return complain(connection, "must bind first");
  if (std::holds_alternative<Allocate>(command)) {
    int number = 1;
    while (nameplates_.contains(std::to_string(number))) ++number;
    auto& entry = nameplates_[std::to_string(number)];
    entry.mailbox = "box" + std::to_string(next_++);
    entry.sides[side] = true;
    connection.wormhole->receive(Allocated{std::to_string(number)});
  } else if (const auto* wanted = std::get_if<Claim>(&command)) {
    claim(side, connection, wanted->nameplate);
  } else if (const auto* given = std::get_if<Release>(&command)) {
    if (std::exchange(connection.released, true)) return complain(connection, "only one release per connection");
    if (const auto found = nameplates_.find(given->nameplate); found != nameplates_.end()) {
      if (found->second.sides.contains(side)) found->second.sides[side] = false;
      const auto& sides = found->second.sides;
      if (std::none_of(sides.begin(), sides.end(), [](const auto& one) { return one.second; }))
        nameplates_.erase(found);
    }
    connection.wormhole->receive(Released{});
  } else if (const auto* opened = std::get_if<Open>(&command)) {
    open(side, connection, opened->mailbox);
  } else if (const auto* add = std::get_if<Add>(&command)) {
    if (connection.mailbox.empty()) return complain(connection, "must open mailbox before adding");
    adds.push_back(side + " " + add->phase);
    const PhaseMessage message{side, add->phase, add->body};
    boxes_[connection.mailbox].messages.push_back(message);
    for (const std::string& listener : boxes_[connection.mailbox].sides) tell(listener, message);
  } else if (const auto* closed = std::get_if<Close>(&command)) {
    moods.emplace_back(name_of(closed->mood));
    boxes_[closed->mailbox].open.erase(side);
    if (boxes_[closed->mailbox].open.empty()) boxes_.erase(closed->mailbox);
    connection.wormhole->receive(Closed{});
  } else if (const auto* ping = std::get_if<Ping>(&command)) {
    connection.wormhole->receive(Pong{ping->number});
  }
}

}  // namespace countersign::test
