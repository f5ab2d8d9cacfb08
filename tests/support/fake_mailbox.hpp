// A mailbox in memory that keeps the rules of a real one, and may be told to break those that a hostile one would.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "transport/wormhole/wormhole.hpp"

namespace countersign::test {

class FakeMailbox {
 public:
  using Wormhole = transport::wormhole::Wormhole;
  using PhaseMessage = transport::wormhole::PhaseMessage;
  // What becomes of a message on its way to a side.
  using Mangle = std::function<std::vector<PhaseMessage>(const std::string& to, const PhaseMessage& message)>;

  Mangle mangle;
  bool replays_backward = false;
  std::vector<std::string> moods;   // of those who closed, in order
  std::vector<std::string> adds;    // "side phase", in order
  std::vector<std::string> errors;  // what was answered

  // One that is connected by now is connected anew.
  void connect(const std::string& side, Wormhole& wormhole);
  void drop(const std::string& side);
  // Loses all that it knew, and all connections.
  void forget();
  // Until nobody says anything.
  void run();

  bool has_nameplate(const std::string& nameplate) const { return nameplates_.contains(nameplate); }

 private:
  struct Nameplate {
    std::string mailbox;
    std::map<std::string, bool> sides;  // does it claim still
  };
  struct Box {
    std::vector<PhaseMessage> messages;
    std::set<std::string> sides, open;
  };
  struct Connection {
    Wormhole* wormhole = nullptr;
    bool bound = false, claimed = false, released = false;
    std::string mailbox;
  };

  void obey(const std::string& side, Connection& connection, const transport::wormhole::MailboxCommand& command);
  void claim(const std::string& side, Connection& connection, const std::string& nameplate);
  void open(const std::string& side, Connection& connection, const std::string& mailbox);
  void tell(const std::string& side, const PhaseMessage& message);
  void complain(Connection& connection, const std::string& error);

  std::map<std::string, Connection> connections_;
  std::map<std::string, Nameplate> nameplates_;
  std::map<std::string, Box> boxes_;
  int next_ = 1;
};

}  // namespace countersign::test
