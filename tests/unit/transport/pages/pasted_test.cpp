#include "transport/pages/pasted.hpp"

#include <catch2/catch.hpp>

using countersign::transport::pages::advice_on_pasted;

namespace {

const std::string kResponse =
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nx\n-----BEGIN PGP SIGNATURE-----\n\nx\n"
    "-----END PGP SIGNATURE-----\n";

bool says(const std::string& pasted, const std::string& part) {
  INFO(advice_on_pasted(pasted));
  return advice_on_pasted(pasted).find(part) != std::string::npos;
}

std::string each_line_behind(const std::string& sign) {
  std::string out = sign;
  for (const char c : kResponse.substr(0, kResponse.size() - 1)) out += c == '\n' ? "\n" + sign : std::string(1, c);
  return out;
}

}  // namespace

TEST_CASE("who pastes something else than a response is told what it is") {
  CHECK(says("countersign-statement-v1\npurpose: login\n", "nobody signed it yet"));
  CHECK(says("-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n", "perhaps the challenge itself"));
  CHECK(says("-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n", "without the statement"));
  CHECK(says("-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "a public key"));
  CHECK(says("-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "SECRET key"));
  CHECK(says("-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "`gpg --clearsign`"));
  CHECK(says(each_line_behind("> "), "quoted or indented"));
  CHECK(says("Hello,\n\n" + kResponse, "before or behind"));
  CHECK(says(kResponse + "\nBye\n", "before or behind"));
  CHECK(says(kResponse.substr(0, 80), "cut off"));
}

TEST_CASE("of what may be a response, and of what is nothing known, nothing is said") {
  CHECK(advice_on_pasted(kResponse).empty());
  CHECK(advice_on_pasted("\r\n " + kResponse + "\n\n").empty());
  CHECK(advice_on_pasted("").empty());
  CHECK(advice_on_pasted("hello").empty());
}
