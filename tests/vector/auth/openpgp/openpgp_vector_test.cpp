// Every vector of fixtures/vectors/openpgp gets its verdict, on every engine.
#include <map>

#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/support/openpgp_vector.hpp"

using namespace countersign;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

TEST_CASE("every certificate vector gets its verdict on every engine") {
  check_vector_folder();
  const auto vectors = read_certificate_vectors();
  CHECK(vectors.size() >= 100);
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    for (const OpenPgpVector& vector : vectors) {
      INFO(engine.name << " " << vector.name << ": " << vector.reason);
      const CertificateVerdict verdict = judge_certificate_text(*openpgp, vector.text, vector.now);
      CHECK(verdict.code == vector.expect);
      if (!vector.user_ids) continue;
      REQUIRE(verdict.facts);
      CHECK(verdict.facts->user_ids.size() == *vector.user_ids);
    }
  }
}

TEST_CASE("every signature vector gets its verdict on every engine") {
  std::map<std::string, std::string> certificates;
  for (const OpenPgpVector& vector : read_certificate_vectors()) certificates[vector.name] = vector.text;
  const auto vectors = read_signature_vectors();
  CHECK(vectors.size() >= 80);
  const std::string statement = vector_statement();
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    for (const OpenPgpVector& vector : vectors) {
      INFO(engine.name << " " << vector.name << ": " << vector.reason);
      REQUIRE(certificates.contains(vector.certificate));
      const GatedCertificate certificate = gated(certificates.at(vector.certificate));
      CHECK(judge_signature_text(*openpgp, certificate, statement, vector.text, vector.form, vector.now) ==
            vector.expect);
    }
  }
}
