// One suite for every engine: things that are handed in as a signature and are none, or not the right one.
#include "auth/openpgp/gate/armor.hpp"
#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/support/forged_key.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

struct Blob {
  std::string name;
  std::string text;
};

// The account's certificate, a good signature, and everything else that gpg and a forger can make of the same text.
struct Collection {
  GnupgHome home;
  std::string key;
  std::string other;
  std::string certificate;
  std::string good;
  std::vector<Blob> blobs;

  Collection() {
    home.set_time(kGpgNow);
    key = home.make_key("ed25519", "Alice");
    other = home.make_key("ed25519", "Bob");
    certificate = home.export_public(key);
    good = home.detach_sign(key, kText);
    add_texts();
    add_messages();
    add_keys();
    add_signatures();
    add_packets();
  }

  void add(std::string name, std::string text) { blobs.push_back({std::move(name), std::move(text)}); }
  // As it is, and under the label that would be right.
  void add_packets(const std::string& name, const std::string& packets) {
    add(name, packets);
    add(name + " as PGP SIGNATURE", openpgp::gate::enarmor("PGP SIGNATURE", as_bytes(packets)));
  }

  void add_texts() {
    add("nothing", "");
    add("a line end", "\n");
    add("words", "this is a signature");
    add("the statement", kText);
    add("JSON", "{\"signature\": \"good\"}");
    add("an empty block", openpgp::gate::enarmor("PGP SIGNATURE", {}));
    add("base64 without armor", base64(must(openpgp::gate::admit_signature(good)).packets()));
    add("half a block", good.substr(0, good.size() / 2));
    std::string wrong_checksum = good;
    const auto checksum = wrong_checksum.rfind("\n=") + 2;
    wrong_checksum[checksum] = wrong_checksum[checksum] == 'A' ? 'B' : 'A';
    add("a wrong checksum", wrong_checksum);
    add("two blocks", good + good);
    add("words behind the block", good + "hello\n");
  }

  void add_messages() {
    add("clear-signed", home.clearsign(key, kText));
    add_packets("inline signed and compressed", home.must({"-u", key, "--sign"}, kText));
    add_packets("inline signed", home.must({"-u", key, "-z0", "--sign"}, kText));
    add("inline signed and armored", home.must({"-u", key, "-z0", "--armor", "--sign"}, kText));
    add_packets("literal", home.must({"-z0", "--store"}, kText));
    add_packets("compressed", home.must({"--store"}, kText));
    add_packets("encrypted", home.must({"-r", key, "--encrypt"}, kText));
    add_packets("encrypted by password", home.must({"--passphrase", "password", "--symmetric"}, kText));
    add_packets("a compression bomb",
                home.must({"--compress-algo", "zlib", "-z9", "--store"}, std::string(std::size_t{4} << 20, '\0')));
  }

  void add_keys() {
    add("the certificate", certificate);
    add_packets("the certificate in binary", home.export_public_binary(key));
    add("the secret key", home.export_secret(key));
    add_packets("the secret key in binary", home.export_secret_binary(key));
  }

  void add_signatures() {
    add("two signers", home.must({"-u", key, "-u", other, "--armor", "--detach-sign"}, kText));
    const std::string packets = to_string(must(openpgp::gate::admit_signature(good)).packets());
    add_packets("the same twice", packets + packets);
    add_packets("a literal behind it", packets + to_string(packet(11, concat({{'b', 0}, Bytes(4, 0), Bytes(3, 'x')}))));
    add("another key's", home.detach_sign(other, kText));
    add("over another text", home.detach_sign(key, kText + "x"));
    add("over the text without its final line end", home.detach_sign(key, kText.substr(0, kText.size() - 1)));
    add("with SHA-1", home.detach_sign(key, kText, {"--digest-algo", "SHA1"}));
    add("with a critical notation", home.detach_sign(key, kText, {"--sig-notation", "!a@example.org=1"}));
    add("with a long notation",
        home.detach_sign(key, kText, {"--sig-notation", "a@example.org=" + std::string(250, 'x')}));
    GnupgHome early;
    early.import(home.export_secret(key));
    early.set_time("20260102T000000!");
    add("a day ahead", early.detach_sign(key, kText));
  }

  void add_packets() {
    const Bytes body = SignatureBody::good().bytes();
    for (const int tag : {0, 1, 3, 4, 9, 10, 12, 13, 14, 17, 18, 19, 20, 21, 60, 63}) {
      add_packets("packet " + std::to_string(tag), to_string(packet(static_cast<std::uint8_t>(tag), body)));
    }
    add_packets("an empty signature packet", to_string(packet(2, {})));
    add_packets("an indeterminate length", "\x8B" + to_string(body));
  }
};

}  // namespace

TEST_CASE("S09 what is no signature by this key over this text is never accepted") {
  Collection collection;
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const openpgp::gate::GatedCertificate certificate = gated(collection.certificate);
    CHECK(verdict(*openpgp, certificate, kText, collection.good, SignatureForm::detached) == "accepted");
    CHECK(collection.blobs.size() > 40);
    for (const Blob& blob : collection.blobs) {
      for (const SignatureForm form : {SignatureForm::detached, SignatureForm::clear_signed}) {
        INFO(engine.name << ": " << blob.name);
        CHECK(verdict(*openpgp, certificate, kText, blob.text, form) != "accepted");
      }
    }
  }
}

TEST_CASE("S09 cleartext that differs from the statement proves nothing") {
  Collection collection;
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const openpgp::gate::GatedCertificate certificate = gated(collection.certificate);
    const auto judge = [&](const std::string& response) {
      return verdict(*openpgp, certificate, kText, clear_signature(response), SignatureForm::clear_signed);
    };
    const std::string honest = collection.home.clearsign(collection.key, kText);
    CHECK(judge(honest) == "accepted");
    // What stands in the cleartext is not looked at, only what was signed.
    std::string spoofed = honest;
    spoofed.replace(spoofed.find("login"), 5, "logon");
    CHECK(judge(spoofed) == "accepted");
    std::string other = kText;
    other.replace(other.find("login"), 5, "logon");
    CHECK(judge(collection.home.clearsign(collection.key, other)) == "signature_invalid");
  }
}

TEST_CASE("S09 a flipped bit anywhere in a signature is never accepted") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const ForgedKey key(kNow - kDay);
    ForgedSignature certification;
    certification.signature_class = 0x13;
    certification.created_at = kNow - kDay;
    certification.hashed = {key_flags(3)};
    const openpgp::gate::GatedCertificate certificate =
        gated(concat({packet(6, key.body()), packet(13, to_bytes("Alice")), key.certify(certification, "Alice")}));
    ForgedSignature what;
    what.created_at = kNow;
    const std::string good =
        to_string(must(openpgp::gate::admit_signature(to_string(key.sign_document(what, kText)))).packets());
    REQUIRE(verdict(*openpgp, certificate, kText, good, SignatureForm::detached) == "accepted");
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = good;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        INFO(engine.name << " byte " << at << " bit " << bit);
        // Some bits say nothing; then the gate makes the same signature of it.
        const auto admitted = openpgp::gate::admit_signature(flipped);
        if (admitted && to_string(admitted->packets()) == good) continue;
        CHECK(verdict(*openpgp, certificate, kText, flipped, SignatureForm::detached) != "accepted");
      }
    }
  }
}
