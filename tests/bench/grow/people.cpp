// People as `account add --batch` takes them, each with a key made on the spot: JSON lines on standard output.
//
//   countersign_people COUNT      usernames person-0 and so on
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "storage/base/json.hpp"
#include "tests/support/openpgp_key.hpp"

int main(int argc, char** argv) {
  const long count = argc == 2 ? std::atol(argv[1]) : 0;
  if (count < 1) {
    std::fprintf(stderr, "usage: countersign_people COUNT\n");
    return 2;
  }
  try {
    for (long i = 0; i < count; ++i) {
      const std::string username = "person-" + std::to_string(i);
      const countersign::test::OpenPgpKey key(username);
      const auto person = countersign::Json::object().set("username", username).set("public_key", key.certificate());
      std::printf("%s\n", countersign::write_json(person).c_str());
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "countersign_people: %s\n", error.what());
    return 1;
  }
}
