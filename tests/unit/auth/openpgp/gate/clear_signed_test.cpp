#include "auth/openpgp/gate/clear_signed.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/packet_gate.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

namespace {

const std::string kSignature = "-----BEGIN PGP SIGNATURE-----\n\niHUEARYI\n=ABCD\n-----END PGP SIGNATURE-----\n";
const std::string kCertificate =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n=ABCD\n-----END PGP PUBLIC KEY BLOCK-----\n";

std::string message(const std::string& cleartext, const std::string& headers = "Hash: SHA512\n") {
  return std::string(openpgp::gate::kClearSignedHeader) + "\n" + headers + "\n" + cleartext + kSignature;
}

const std::string kStatement =
    "countersign-statement-v1\npurpose: login\nchallenge: AbC-_9\nnonce: x\ntransport: http\n";

std::string with_crlf(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

ErrorCode code_of(std::string_view text) {
  const auto result = openpgp::gate::split_response(text);
  return result ? ErrorCode::failed : result.error().code;
}

std::string hint_of(const std::string& text) {
  const auto result = openpgp::gate::split_response(text);
  return result ? result->messages.at(0).challenge_hint : "refused: " + result.error().detail;
}

}  // namespace

TEST_CASE("a clear-signed message gives its challenge line and its signature") {
  const auto response = openpgp::gate::split_response(message(kStatement));
  REQUIRE(response);
  REQUIRE(response->messages.size() == 1);
  CHECK(response->messages[0].challenge_hint == "AbC-_9");
  CHECK(response->messages[0].signature == kSignature);
  CHECK_FALSE(response->certificate);
  CHECK(openpgp::gate::holds_clear_signed("\r\n \n" + message(kStatement)));
  CHECK(openpgp::gate::holds_clear_signed("Dear all,\n" + message(kStatement)));
  CHECK_FALSE(openpgp::gate::holds_clear_signed("{\"challenge\": 1}"));
  CHECK_FALSE(openpgp::gate::holds_clear_signed("{\"response\":\"" + message(kStatement)));
}

TEST_CASE("two messages and a certificate are taken apart") {
  const auto response = openpgp::gate::split_response("\n\n" + message(kStatement) + "\n" + message(kStatement) +
                                                      " \n" + kCertificate + "\n\t\n");
  REQUIRE(response);
  CHECK(response->messages.size() == 2);
  CHECK(response->certificate == kCertificate);
}

TEST_CASE("CRLF and trailing blanks and odd armor headers do not disturb the hint") {
  CHECK(hint_of(with_crlf(message(kStatement))) == "AbC-_9");
  CHECK(hint_of(message("challenge: AbC \t \nnonce: x\n")) == "AbC");
  CHECK(hint_of(message("challenge: AZaz09-_\nnonce: x\n")) == "AZaz09-_");
  CHECK(hint_of(message(kStatement, "Hash: SHA256, SHA512\nComment: hello\nCharset: utf-8\n")) == "AbC-_9");
  CHECK(hint_of(message(kStatement, "")) == "AbC-_9");
}

TEST_CASE("dash escapes are undone") {
  CHECK(hint_of(message("- challenge: AbC\n- nonce: x\n")) == "AbC");
  CHECK(hint_of(message("- -----BEGIN PGP SIGNATURE-----\nchallenge: AbC\nnonce: x\n")) == "AbC");
}

TEST_CASE("a challenge line that a mail program wrapped is rejoined up to the nonce line") {
  CHECK(hint_of(message("challenge:\nAbC\n-_9\nnonce: x\n")) == "AbC-_9");
  CHECK(hint_of(message("challenge: Ab\n  C-\t\n\n- -_9\nnonce: x\n")) == "AbC--_9");
  CHECK(hint_of(with_crlf(message("challenge: Ab\nC-_9\nnonce: x\n"))) == "AbC-_9");
}

TEST_CASE("a cleartext without exactly one challenge line is malformed") {
  CHECK(code_of(message("hello\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message("challenge: AbC\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message("challenge:\nnonce: x\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message("nonce: x\nchallenge: AbC\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message("challenge: AbC\nnonce: x\nchallenge: AbC\nnonce: x\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message("challenge: AbC\nchallenge: AbC\nnonce: x\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message("challenge: A bC\nnonce: x\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message("challenge: AbC=\nnonce: x\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message("challenge: AbC\nissued: 1\nnonce: x\n")) == ErrorCode::malformed_message);
}

TEST_CASE("what is no response is told what it is") {
  const auto told = [](std::string_view text) { return openpgp::gate::split_response(text).error().detail; };
  CHECK(told("-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n").find("an encrypted message") !=
        std::string::npos);
  CHECK(told("-----BEGIN PGP SIGNATURE-----\n\nabc\n").find("without the statement") != std::string::npos);
  CHECK(told("countersign-statement-v1\npurpose: login\n").find("nothing that `gpg --clearsign` made") !=
        std::string::npos);
}

TEST_CASE("whatever stands outside the blocks is refused") {
  CHECK(code_of("hello\n" + message(kStatement)) == ErrorCode::malformed_message);
  CHECK(code_of(message(kStatement) + "hello\n") == ErrorCode::malformed_message);
  CHECK(code_of(message(kStatement) + "x\n" + kCertificate) == ErrorCode::malformed_message);
  CHECK(code_of(kCertificate + message(kStatement)) == ErrorCode::malformed_message);
  CHECK(code_of(message(kStatement) + kCertificate + message(kStatement)) == ErrorCode::malformed_message);
  CHECK(code_of(message(kStatement) + kCertificate + kCertificate) == ErrorCode::malformed_message);
  CHECK(code_of(message(kStatement) + message(kStatement) + message(kStatement)) == ErrorCode::malformed_message);
  CHECK(code_of(kSignature) == ErrorCode::malformed_message);
  CHECK(code_of("{}") == ErrorCode::malformed_message);
  CHECK(code_of("Dear all,\n" + message(kStatement)) == ErrorCode::malformed_message);
  CHECK(code_of(message(kStatement) + "-- \nalice\n") == ErrorCode::malformed_message);
  // What can be mended by no more of it is not incomplete.
  CHECK(code_of(message(kStatement) + "-----BEGIN PGP\n") == ErrorCode::malformed_message);
  CHECK(code_of(message(kStatement).substr(0, message(kStatement).rfind("-----END")) + "-----END PGP MESSAGE-----\n") ==
        ErrorCode::malformed_message);
  CHECK(code_of("-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n") == ErrorCode::malformed_message);
}

TEST_CASE("a secret key is told as one wherever it stands in a text") {
  const std::string secret =
      "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlFgE\n=ABCD\n-----END PGP PRIVATE KEY BLOCK-----\n";
  const std::string signed_once = message(kStatement);
  for (const std::string& text :
       {secret, signed_once + secret, signed_once + signed_once + secret, signed_once + kCertificate + secret,
        secret + signed_once, message(kStatement + secret), message("- " + secret + kStatement), with_crlf(secret),
        signed_once + secret.substr(0, 60)}) {
    CAPTURE(text);
    const auto refused = openpgp::gate::split_response(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::secret_key_handed_in);
    CHECK(refused.error().detail.find("exposed") != std::string::npos);
  }
}

TEST_CASE("a block inside the cleartext has to be escaped") {
  CHECK(code_of(message("-----BEGIN PGP MESSAGE-----\nchallenge: AbC\nnonce: x\n")) == ErrorCode::malformed_message);
  CHECK(code_of(message(message(kStatement))) == ErrorCode::malformed_message);
}

TEST_CASE("armor headers without an empty line behind them are malformed") {
  CHECK(code_of(message(kStatement, "no header\n")) == ErrorCode::malformed_message);
}

TEST_CASE("a message of over 64 KiB is refused") {
  CHECK(code_of(message("x: " + std::string(openpgp::gate::kClearSignedBytesMax, 'x') + "\n" + kStatement)) ==
        ErrorCode::message_too_large);
  CHECK(code_of(std::string(1u << 20, '\n')) == ErrorCode::message_too_large);
  std::string large = kCertificate;
  large.insert(38, std::string(openpgp::gate::kCertificateReadBytesMax, 'A') + "\n");
  CHECK(code_of(message(kStatement) + large) == ErrorCode::message_too_large);
}

TEST_CASE("a response cut at any byte is incomplete and never refused") {
  const std::string first = message(kStatement);
  const std::string whole = first + message("- challenge: AbC\n- nonce: x\n") + kCertificate;
  for (const bool crlf : {false, true}) {
    const std::string text = crlf ? with_crlf(whole) : whole;
    for (std::size_t size = 0; size < text.size(); ++size) {
      const auto result = openpgp::gate::split_response(std::string_view(text).substr(0, size));
      INFO(size);
      // A response that ends where a block ends is whole, with or without its last line end.
      const std::string_view kept = std::string_view(text).substr(0, size);
      const auto last = kept.find_last_not_of("\r\n");
      const bool at_end_of_block =
          last != std::string_view::npos && (kept.substr(0, last + 1).ends_with("END PGP SIGNATURE-----") ||
                                             kept.substr(0, last + 1).ends_with("END PGP PUBLIC KEY BLOCK-----"));
      if (at_end_of_block) {
        CHECK(result.has_value());
      } else {
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::file_incomplete);
      }
    }
  }
}

TEST_CASE("a response, a message and a certificate may be exactly as long as they may") {
  using openpgp::gate::kCertificateReadBytesMax;
  using openpgp::gate::kClearSignedBytesMax;
  const std::size_t most = 2 * kClearSignedBytesMax + kCertificateReadBytesMax;
  CHECK(code_of(std::string(most, '\n')) == ErrorCode::file_incomplete);
  CHECK(code_of(std::string(most + 1, '\n')) == ErrorCode::message_too_large);
  const std::size_t plain = message("x: \n" + kStatement).size();
  const auto of_size = [&](std::size_t bytes) {
    return message("x: " + std::string(bytes - plain, 'x') + "\n" + kStatement);
  };
  CHECK(openpgp::gate::split_response(of_size(kClearSignedBytesMax)));
  CHECK(code_of(of_size(kClearSignedBytesMax + 1)) == ErrorCode::message_too_large);
  for (const std::size_t over : {0, 1}) {
    std::string certificate = kCertificate;
    certificate.insert(38, std::string(kCertificateReadBytesMax - certificate.size() - 1 + over, 'A') + "\n");
    const auto response = openpgp::gate::split_response(message(kStatement) + certificate);
    CHECK(response.has_value() == (over == 0));
    if (!response) CHECK(response.error().code == ErrorCode::message_too_large);
  }
}

TEST_CASE("what else of a statement is a hint: its server and its account, where each stands once") {
  const auto hints = [](const std::string& cleartext) {
    const auto response = openpgp::gate::split_response(message(cleartext + kStatement));
    return response ? response->messages.at(0).server_hint + "|" + response->messages.at(0).account_hint : "refused";
  };
  CHECK(hints("server: https://a.example\nserver-key: 1\naccount: 0a\nkey: 2\n") == "https://a.example|0a");
  CHECK(hints("server:\n https://a\n.example\nserver-key: 1\n") == "https://a.example|");
  CHECK(hints("account: 0a\nkey: 2\naccount: 0b\nkey: 2\n") == "|");
  CHECK(hints("server: https://a.example\n") == "|");
  CHECK(hints("") == "|");
}
