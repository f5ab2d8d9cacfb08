#include <catch2/catch.hpp>

#include "auth/openpgp/gate/key_block.hpp"
#include "tests/support/built_certificate.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;
using namespace countersign::test::built;

TEST_CASE("of two certifications of one second the one that stands last is the newest") {
  SignatureBody other = own(0x13);
  other.hashed.push_back(subpacket(100, Bytes{1}));
  const Bytes twin = packet(2, other.bytes());
  const auto least_of = [](const std::vector<Bytes>& parts) {
    const auto certificate = admit(parts).value();
    return openpgp::gate::minimal_certificate(certificate, certificate.fingerprint()).value();
  };
  CHECK(least_of({primary(), user_id(), own_signature(0x13), twin}) == concat({primary(), user_id(), twin}));
  CHECK(least_of({primary(), user_id(), twin, own_signature(0x13)}) ==
        concat({primary(), user_id(), own_signature(0x13)}));
  // What takes a user id back is kept, and needs no certification beside it.
  CHECK(least_of({primary(), user_id(), own_signature(0x30), twin, own_signature(0x13)}) ==
        concat({primary(), user_id(), own_signature(0x30), own_signature(0x13)}));
  CHECK(least_of({primary(), own_signature(0x1F), user_id(), own_signature(0x30)}) ==
        concat({primary(), own_signature(0x1F), user_id(), own_signature(0x30)}));
}

TEST_CASE("a revocation goes behind the primary key, before whatever else the certificate holds") {
  const auto revocation = openpgp::gate::admit_revocation(own(0x20).packets());
  REQUIRE(revocation);
  const auto revoked = revoked_certificate(admit({plain()}).value(), *revocation);
  REQUIRE(revoked);
  CHECK(revoked->packets() ==
        concat({primary(), revocation->packets(), user_id(), own_signature(0x13), subkey(), own_signature(0x18)}));
}

TEST_CASE("the least of a certificate is its primary and newest certification and the subkey that signs") {
  const Bytes older = packet(2, own_before(0x13, 10).bytes());
  const Bytes of_second = packet(2, own_before(0x13, 5).bytes());
  const Bytes other_binding = packet(2, own_before(0x18, 5).bytes());
  const openpgp::gate::GatedCertificate certificate =
      admit({primary(), user_id(), own_signature(0x13), older, packet(13, to_bytes("second")), of_second, subkey(2),
             other_binding, subkey(3), own_signature(0x18)})
          .value();
  const Bytes least = concat({primary(), user_id(), own_signature(0x13)});
  CHECK(openpgp::gate::minimal_certificate(certificate, certificate.fingerprint()).value() == least);
  const Fingerprint third =
      openpgp::gate::admit_certificate(to_string(packet(6, key_body(3))), 1000).value().fingerprint();
  CHECK(openpgp::gate::minimal_certificate(certificate, third).value() ==
        concat({least, subkey(3), own_signature(0x18)}));
  CHECK(openpgp::gate::minimal_certificate(certificate, Fingerprint()).error().code == ErrorCode::certificate_refused);
}

TEST_CASE("two copies of a certificate say together what either says, each thing once") {
  const Bytes bob = packet(13, to_bytes("Alice elsewhere"));
  const Bytes later = packet(2, own_before(0x13, 60).bytes());
  const Bytes revocation = own_signature(0x28);
  const auto former = admit({primary(), user_id(), own_signature(0x13), subkey(), own_signature(0x18), revocation});
  const auto copy = admit({primary(), own_signature(0x1F), user_id(), later, bob, own_signature(0x10), subkey(),
                           own_signature(0x18), subkey(3), packet(2, own_before(0x18, 60).bytes())});
  REQUIRE(former);
  REQUIRE(copy);
  const auto both = openpgp::gate::merge_certificates(*former, *copy);
  REQUIRE(both);
  CHECK(both->packets() ==
        concat({primary(), own_signature(0x1F), user_id(), own_signature(0x13), later, bob, own_signature(0x10),
                subkey(), own_signature(0x18), revocation, subkey(3), packet(2, own_before(0x18, 60).bytes())}));
  // Nothing is taken back, and what is known already changes nothing.
  CHECK(openpgp::gate::merge_certificates(*both, *former)->packets() == both->packets());
  CHECK(openpgp::gate::merge_certificates(*both, *copy)->packets() == both->packets());
  CHECK(openpgp::gate::merge_certificates(*both, *both)->packets() == both->packets());
}

TEST_CASE("copies of two keys, and more than a certificate may hold, are not merged") {
  const auto one = admit({plain()});
  const auto other = openpgp::gate::admit_certificate(to_string(packet(6, key_body(9))), 1000);
  REQUIRE(one);
  REQUIRE(other);
  CHECK(openpgp::gate::merge_certificates(*one, *other).error().code == ErrorCode::certificate_refused);
  std::vector<Bytes> many = {primary(), user_id()}, more = many;
  for (unsigned each = 0; each < 40; ++each) {
    many.push_back(packet(2, own_before(0x13, each).bytes()));
    more.push_back(packet(2, own_before(0x13, 100 + each).bytes()));
  }
  const auto first = admit(many), second = admit(more);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(openpgp::gate::merge_certificates(*first, *second).error().code == ErrorCode::message_too_large);
}
