// One client: a connection, and accounts of its own with their keys and sessions, which take turns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load/http_connection.hpp"
#include "tests/bench/load/mix.hpp"
#include "tests/support/openpgp_key.hpp"

namespace countersign::bench {

// One thread at a time. What is not answered as it should be throws std::runtime_error, with the answer's beginning.
class Client {
 public:
  // Enrols the accounts that the mix needs, by challenges of a server whose registration is open, and opens a session
  // for each. `path` is what Kind::get asks for.
  Client(const Address& address, const Mix& mix, const std::vector<std::string>& usernames, std::string path);

  // As the account whose turn it is.
  void perform(Kind kind);

 private:
  struct Account {
    std::string username;
    std::optional<test::OpenPgpKey> key;
    std::string bearer;  // a header line
  };

  void enrol(bool with_password);
  std::string challenge(std::string_view content_type, std::string_view body);
  void log_in();
  void log_in_by_password();
  void refresh();
  void show(std::string_view path);
  std::string ask(std::string_view method, std::string_view path, std::string_view headers, std::string_view body,
                  int expected);
  void keep_token(std::string_view answer);

  HttpConnection connection_;
  const std::string path_;
  std::vector<Account> accounts_;
  std::size_t turn_ = 0;
  Account* now_ = nullptr;  // whose turn it is
};

}  // namespace countersign::bench
