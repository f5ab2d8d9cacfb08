// A crowd of connections from one address that wishes a server no good. One thread drives them all, at a low priority:
// it stands for another machine, and what it computes is not to be taken from the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace countersign::test {

// What the connections of a flood do, each of them again and again. A connection that the server ends is opened anew.
struct Manner {
  std::string name;
  std::size_t connections = 1;
  std::vector<std::string> requests;  // in turn; none: it connects and says nothing
  bool one_by_one = false;            // the last bytes of a request come one each 50 ms
  std::size_t bytes_one_by_one = 0;   // so many of them
  bool waits = true;                  // for an answer, before it asks again
  bool reads = true;                  // what is answered
  bool resets = false;                // the connection, as soon as it has said one request
};

struct FloodCounts {
  std::size_t tries = 0;  // to connect
  std::size_t connected = 0;
  std::size_t ended = 0;  // connections: by the server, with an answer or without
  std::size_t resets = 0;
  std::size_t requests = 0;  // sent whole
  std::size_t bytes = 0;
  std::map<int, std::size_t> answers;  // by their status

  std::size_t answered() const;
  std::size_t refused() const;  // of these, with 4xx and 5xx
  FloodCounts& operator+=(const FloodCounts& other);
};

class Flood {
 public:
  // Begins at once. `from` is an address of the loopback.
  Flood(std::uint16_t port, std::string from, Manner manner);
  ~Flood();
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  const Manner& manner() const { return manner_; }
  // Has it done yet what it is there for?
  bool felt() const { return felt_; }
  // Every connection is closed when it returns. Once.
  const FloodCounts& stop();

 private:
  Manner manner_;
  FloodCounts counts_;
  std::atomic<bool> felt_{false};
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace countersign::test
