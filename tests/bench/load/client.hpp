// One client: an account of its own, a connection, a key, and the session it holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/bench/load/http_connection.hpp"
#include "tests/bench/load/mix.hpp"
#include "tests/bench/load/openpgp_key.hpp"

namespace countersign::bench {

// One thread at a time. What is not answered as it should be throws std::runtime_error, with the answer's beginning.
class Client {
 public:
  // Enrols the account that the mix needs, by the challenge of a server whose registration is open, and opens the
  // session. `path` is what Kind::get asks for.
  Client(const Address& address, const Mix& mix, std::string username, std::string path);

  void perform(Kind kind);

 private:
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
  const std::string username_;
  const std::string path_;
  std::optional<OpenPgpKey> key_;
  std::string bearer_;  // a header line
};

}  // namespace countersign::bench
