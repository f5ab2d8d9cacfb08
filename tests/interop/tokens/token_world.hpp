// A server that knows alice by the key in her token, and she the server.
#pragma once

#include "tests/support/program.hpp"
#include "tests/support/token_home.hpp"

namespace countersign::test {

struct TokenWorld {
  TokenWorld() {
    installation.add_account("alice", token.certificate(key));
    installation.must({"server", "trust", kServerName, installation.fingerprint()});
    token.forget_pin();
  }
  ProgramRun run(std::vector<std::string> arguments, std::string_view input = {}) const {
    return installation.run(std::move(arguments), input, &token.gnupg());
  }

  Installation installation;
  TokenHome token;
  std::string key = token.make_key("Alice");
};

}  // namespace countersign::test
