// Whom a stranger may ask a server for, and every way to ask: what test of "no enumeration" compare.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/faulty_medium.hpp"
#include "tests/support/house.hpp"
#include "transport/http/http_server.hpp"

namespace countersign::test {

// Somebody to ask for; the first is whom the others are compared with.
struct AskedFor {
  std::string what;
  Person person;
};
const std::vector<AskedFor>& all_asked_for();
inline constexpr std::size_t kRevoked = 3;
inline constexpr std::size_t kDeleted = 4;
inline constexpr const char* kTheirPassword = "right";

// Remembers which operations were asked for.
class NotingOperations final : public transport::Operations {
 public:
  explicit NotingOperations(transport::Operations& inner) : inner_(inner) {}
  Result<Json> run(const transport::Message& message) override;
  std::set<std::string> asked();

 private:
  transport::Operations& inner_;
  std::mutex mutex_;
  std::set<std::string> asked_;
};

// Where they are as they are said to be, served over HTTP without limits on guessing.
struct AskedPlace {
  explicit AskedPlace(auth::passwords::HasherSettings hasher = {},
                      auth::passwords::Argon2Parameters parameters = {auth::passwords::kMemoryKibMin, 1, 1});
  std::uint16_t port() const { return server->port(); }

  storage::MemoryMedium memory;
  FaultyMedium medium{memory};  // fails nowhere; it counts
  House house;
  NotingOperations operations;
  std::unique_ptr<transport::http::HttpServer> server;
  std::string invite;  // its secret; for whoever has it
};

// One way to ask for somebody; `request` is the whole of it, as bytes.
struct Question {
  std::string what;
  std::function<std::string(AskedPlace&, const Person&)> request;
  bool is_challenge = false;
  // Answers a challenge that nobody but who it is for can open.
  bool is_response = false;
};

// Each that names an account, with nothing that would prove anything.
std::vector<Question> all_questions();
// A challenge of this server for them, answered by their own key or by a stranger's.
Question responding(auth::records::Purpose purpose, bool by_own_key);
std::string json_request(const std::string& path, const Json& fields);
Json naming(const Person& person);

}  // namespace countersign::test
