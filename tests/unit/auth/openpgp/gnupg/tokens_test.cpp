#include "auth/openpgp/gnupg/tokens.hpp"

#include <catch2/catch.hpp>

using namespace countersign::auth;
using namespace countersign::auth::openpgp::gnupg;

namespace {

const std::string kGrip = "F7212AF7CDA7A87176EAA4C65B56BA8CFAF3ED3D";
const std::string kOther = "367CF7480FB42921F76ABAF64C2502F9CA1E7289";

}  // namespace

TEST_CASE("the keys of a PKCS#11 token are read from what gnupg-pkcs11-scd answers") {
  const TokensAtHand tokens =
      read_tokens("S SERIALNO D27600012401115031319909A5ED1111\nS APPTYPE PKCS11\nS KEY-FRIEDNLY " + kGrip +
                  " /CN=sign on test\nS CERTINFO 101 SoftHSM\\x20project/test/01\nS KEYPAIRINFO " + kGrip +
                  " SoftHSM\\x20project/test/01\nS KEYPAIRINFO " + kOther + " SoftHSM\\x20project/test/02\nOK\n");
  CHECK(tokens.by_pkcs11);
  CHECK(tokens.keygrips == std::set<std::string, std::less<>>{kGrip, kOther});
}

TEST_CASE("the keys of an OpenPGP card are read from what scdaemon answers") {
  const TokensAtHand tokens = read_tokens(
      "S READER Yubico\nS SERIALNO D276000124010304000612345678\nS APPTYPE openpgp\n"
      "S KEYPAIRINFO f7212af7cda7a87176eaa4c65b56ba8cfaf3ed3d OPENPGP.1 sc\nOK\n");
  CHECK_FALSE(tokens.by_pkcs11);
  CHECK(tokens.keygrips == std::set<std::string, std::less<>>{kGrip});
}

TEST_CASE("a missing daemon is told from a missing token") {
  const TokensAtHand unseen = read_tokens("ERR 67108983 No SmartCard daemon <GPG Agent>\n");
  CHECK(unseen.without_daemon);
  CHECK(words_on_missing_token(unseen, kGrip, nullptr).find("install the package `scdaemon`") != std::string::npos);
  const TokensAtHand none = read_tokens("ERR 100696144 No such device <SCD>\n");
  CHECK_FALSE(none.without_daemon);
  CHECK(words_on_missing_token(none, kGrip, "D276").find("not there (card D276); plug it in") != std::string::npos);
}

TEST_CASE("an answer without a token and one that is none name no key") {
  for (const char* answer :
       {"", "ERR 100696144 No such device <SCD>\n", "S APPTYPE PKCS11\nOK\n", "S KEYPAIRINFO\n",
        "S KEYPAIRINFO short OPENPGP.1\n", "KEYPAIRINFO F7212AF7CDA7A87176EAA4C65B56BA8CFAF3ED3D x",
        "S KEYPAIRINFO X7212AF7CDA7A87176EAA4C65B56BA8CFAF3ED3D OPENPGP.1\n", "\n\n \n"}) {
    INFO(answer);
    CHECK(read_tokens(answer).keygrips.empty());
  }
}
