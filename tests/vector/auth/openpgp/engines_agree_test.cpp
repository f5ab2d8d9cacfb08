// RNP and GnuPG are held against each other on every vector, and on vectors with a byte changed. Wherever they once
// disagreed, the gate, the policy or an engine was mended, and the vector stayed.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <random>

#include "auth/openpgp/gate/armor.hpp"
#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/support/engine_comparison.hpp"
#include "tests/support/openpgp_vector.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

struct RnpAndGnupg {
  std::unique_ptr<OpenPgp> rnp = must(open_rnp(Secret()));
  std::unique_ptr<OpenPgp> gpgme = must(open_gpgme(Secret()));
  EngineComparison comparison{*rnp, *gpgme};

  ~RnpAndGnupg() {
    std::cout << fmt::format("held against each other: {} certificates, {} signatures\n", comparison.certificates(),
                             comparison.signatures());
  }
};

std::map<std::string, std::string> texts_by_name(const std::vector<OpenPgpVector>& vectors) {
  std::map<std::string, std::string> texts;
  for (const OpenPgpVector& vector : vectors) texts[vector.name] = vector.text;
  return texts;
}

// One byte is another; the same every time.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}
  // What the last mutation was.
  const std::string& last() const { return last_; }
  std::string next(std::string text) {
    const std::size_t at = random_() % text.size();
    const auto bits = static_cast<unsigned char>(1 + random_() % 255);
    last_ = fmt::format("byte {} of {} xor {:02x}", at, text.size(), bits);
    text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ bits);
    return text;
  }

 private:
  std::string last_;
  std::mt19937_64 random_;
};

std::string packets_of(const std::string& text, const char* label) {
  if (!openpgp::gate::looks_armored(text)) return text;
  const auto packets = openpgp::gate::dearmor(label, text);
  return packets ? to_string(*packets) : std::string();
}

void check_mutated_certificates(std::size_t mutations, std::uint64_t seed) {
  RnpAndGnupg engines;
  Mutator mutator(seed);
  for (const OpenPgpVector& vector : read_certificate_vectors()) {
    const std::string packets = packets_of(vector.text, "PGP PUBLIC KEY BLOCK");
    if (packets.empty() || vector.expect == "secret_key_handed_in") continue;
    for (std::size_t i = 0; i < mutations; ++i) {
      const std::string mutated = mutator.next(packets);
      const std::string difference = engines.comparison.difference(mutated, vector.now);
      INFO(vector.name << ": " << mutator.last());
      CHECK(difference == "");
    }
  }
}

void check_mutated_signatures(std::size_t mutations, std::uint64_t seed) {
  RnpAndGnupg engines;
  Mutator mutator(seed);
  const auto certificates = texts_by_name(read_certificate_vectors());
  const std::string statement = vector_statement();
  for (const OpenPgpVector& vector : read_signature_vectors()) {
    const std::string packets = packets_of(vector.text, "PGP SIGNATURE");
    if (packets.empty() || !openpgp::gate::admit_signature(packets)) continue;
    for (std::size_t i = 0; i < mutations; ++i) {
      const std::string mutated = mutator.next(packets);
      const std::string difference = engines.comparison.difference(certificates.at(vector.certificate), statement,
                                                                   mutated, SignatureForm::detached, vector.now);
      INFO(vector.name << ": " << mutator.last());
      CHECK(difference == "");
    }
  }
}

}  // namespace

TEST_CASE("both engines say the same of every vector") {
  RnpAndGnupg engines;
  const auto certificates = read_certificate_vectors();
  for (const OpenPgpVector& vector : certificates) {
    INFO(vector.name << ": " << vector.reason);
    CHECK(engines.comparison.difference(vector.text, vector.now) == "");
  }
  const auto texts = texts_by_name(certificates);
  const std::string statement = vector_statement();
  for (const OpenPgpVector& vector : read_signature_vectors()) {
    INFO(vector.name << ": " << vector.reason);
    CHECK(engines.comparison.difference(texts.at(vector.certificate), statement, vector.text, vector.form,
                                        vector.now) == "");
  }
  CHECK(engines.comparison.certificates() > 100);
  CHECK(engines.comparison.signatures() > 100);
}

TEST_CASE("both engines say the same of every certificate vector at other times") {
  RnpAndGnupg engines;
  for (const OpenPgpVector& vector : read_certificate_vectors()) {
    for (const Seconds offset : {-40 * kDay, 3 * kDay, 400 * kDay}) {
      INFO(vector.name << ": " << vector.reason << " at " << format_time(vector.now + offset));
      CHECK(engines.comparison.difference(vector.text, vector.now + offset) == "");
    }
  }
}

TEST_CASE("both engines say the same of certificates with a byte changed") {
  check_mutated_certificates(1, 1);
}
TEST_CASE("both engines say the same of signatures with a byte changed") {
  check_mutated_signatures(1, 1);
}
TEST_CASE("both engines say the same of many certificates with a byte changed", "[.long]") {
  check_mutated_certificates(20, 2);
}
TEST_CASE("both engines say the same of many signatures with a byte changed", "[.long]") {
  check_mutated_signatures(20, 2);
}
