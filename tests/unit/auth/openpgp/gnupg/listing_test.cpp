#include "auth/openpgp/gnupg/listing.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::auth;
using namespace countersign::auth::openpgp::gnupg;

namespace {

const std::string kPrimary = "E1F97B68DE6AF66A580E7DADD04D51F9E87B541D";
const std::string kSubkey = "55DA1FA1AEC71F36A219E978FECF3E506A476A69";
const Instant kNow = from_unix(1'767'225'700);

const std::string kPub = "tru:t:0:0:0:0:0:0\npub:-:255:22:D04D51F9E87B541D:1767225600:::-:::scESC:::::ed25519:::0:\n";
const std::string kFpr = "fpr:::::::::" + kPrimary + ":\n";
const std::string kUid = "uid:-::::1767225600::61921AEB::Alice <a@x>::::::::::0:\n";
const std::string kCertification = "sig:!::22:D04D51F9E87B541D:1767225600::::Alice:13x::" + kPrimary + ":::8:\n";
const std::string kSub = "sub:-:255:18:FECF3E506A476A69:1767225600:1777225600:::::e:::::cv25519::\n";
const std::string kSubFpr = "fpr:::::::::" + kSubkey + ":\n";
const std::string kBinding = "sig:!::22:D04D51F9E87B541D:1767225600::::Alice:18x::" + kPrimary + ":::8:\n";
const std::string kUsual = kPub + kFpr + kUid + kCertification + kSub + kSubFpr + kBinding;

Result<CertificateFacts> read(const std::string& listing) {
  return read_listing(listing, *Fingerprint::parse(kPrimary), kNow);
}

std::string with(std::string text, std::string_view what, std::string_view instead) {
  text.replace(text.find(what), what.size(), instead);
  return text;
}

}  // namespace

TEST_CASE("a listing gives the facts of its certificate") {
  const CertificateFacts facts = *read(kUsual);
  CHECK(facts.primary.fingerprint.upper() == kPrimary);
  CHECK(facts.primary.algorithm == "ed25519");
  CHECK(facts.primary.created_at == from_unix(1'767'225'600));
  CHECK_FALSE(facts.primary.expires_at);
  CHECK(facts.primary.bound);
  CHECK(facts.primary.can_certify);
  CHECK(facts.primary.can_sign);
  CHECK_FALSE(facts.primary.can_encrypt);
  REQUIRE(facts.subkeys.size() == 1);
  CHECK(facts.subkeys[0].fingerprint.upper() == kSubkey);
  CHECK(facts.subkeys[0].expires_at == from_unix(1'777'225'600));
  CHECK(facts.subkeys[0].bound);
  CHECK(facts.subkeys[0].can_encrypt);
  CHECK(facts.user_ids == std::vector<std::string>{"Alice <a@x>"});
}

TEST_CASE("what a key is made of is told by number and size or by curve") {
  for (const auto& [from, to, name] :
       {std::tuple{":255:22:", ":3072:1:", "rsa3072"}, std::tuple{":255:22:", ":2048:17:", "dsa2048"},
        std::tuple{":255:22:", ":2048:16:", "elg2048"}}) {
    CHECK(read(with(kUsual, from, to))->primary.algorithm == name);
  }
  CHECK(read(with(kUsual, ":ed25519:", "::"))->primary.algorithm == "algorithm 22");
}

TEST_CASE("only a signature that gpg verified binds or revokes") {
  for (const char* const verdict : {"sig:-:", "sig:?:", "sig:%:", "sig::"}) {
    const CertificateFacts facts = *read(kPub + kFpr + kUid + with(kCertification, "sig:!:", verdict) + kSub + kSubFpr +
                                         with(kBinding, "sig:!:", verdict));
    CHECK_FALSE(facts.primary.bound);
    CHECK_FALSE(facts.primary.can_sign);
    CHECK(facts.user_ids.empty());
    CHECK_FALSE(facts.subkeys.at(0).bound);
    CHECK_FALSE(facts.subkeys.at(0).can_encrypt);
  }
  const std::string revocation = with(with(kBinding, "sig:", "rev:"), "18x", "20x");
  CHECK(read(kPub + kFpr + revocation + kUid + kCertification)->primary.revoked);
  CHECK_FALSE(read(kPub + kFpr + with(revocation, ":!:", ":-:") + kUid + kCertification)->primary.revoked);
}

TEST_CASE("a key that gpg calls invalid is not bound whatever is signed") {
  CHECK_FALSE(read(with(kUsual, "pub:-:", "pub:i:"))->primary.bound);
  CHECK(read(with(kUsual, "pub:-:", "pub:i:"))->user_ids.empty());
  CHECK_FALSE(read(with(kUsual, "sub:-:", "sub:i:"))->subkeys.at(0).bound);
  // "r" and "e" are said of all that lies under a key, and take no binding away.
  const CertificateFacts expired = *read(with(with(kUsual, "pub:-:", "pub:e:"), "uid:-:", "uid:e:"));
  CHECK(expired.primary.bound);
  CHECK(expired.user_ids.size() == 1);
}

TEST_CASE("a binding of another part or class is none") {
  CHECK_FALSE(read(kPub + kFpr + kBinding + kUid)->primary.bound);
  CHECK(read(kPub + kFpr + with(kBinding, "18x", "1fx") + kUid)->primary.bound);
  CHECK_FALSE(read(kUsual.substr(0, kUsual.rfind("sig:")) + kCertification)->subkeys.at(0).bound);
  const std::string user_id_revoked =
      kPub + kFpr + kUid + kCertification + with(with(kCertification, "sig:", "rev:"), "13x", "30x");
  CHECK(read(user_id_revoked)->user_ids.empty());
  CHECK_FALSE(read(user_id_revoked)->primary.bound);
}

TEST_CASE("a self-signature that has expired says nothing any more") {
  const auto until = [](const char* text, const std::string& line) {
    return with(line, ":1767225600::::Alice", std::string(":1767225600:") + text + ":::Alice");
  };
  CHECK(read(kPub + kFpr + kUid + until("1767225701", kCertification))->primary.bound);
  CHECK_FALSE(read(kPub + kFpr + kUid + until("1767225700", kCertification))->primary.bound);
}

TEST_CASE("a user id is told as it was written") {
  for (const auto& [listed, meant] :
       {std::pair{"a\\x3ab", "a:b"}, std::pair{"\\x5cx3a", "\\x3a"}, std::pair{"\\n\\r", "\n\r"},
        std::pair{"\xC3\xA4", "\xC3\xA4"}, std::pair{"\\xzz", "\\xzz"}, std::pair{"\\", "\\"}}) {
    CHECK(read(with(kUsual, "Alice <a@x>", listed))->user_ids.at(0) == meant);
  }
}

TEST_CASE("a listing of anything but that one certificate is refused") {
  const std::string cases[] = {
      "",
      "tru:t:0:0:0:0:0:0\n",
      kSub + kSubFpr,
      kFpr,
      kUid,
      kPub,
      kPub + kUid + kCertification,
      kUsual + kPub + kFpr,
      with(kUsual, kPrimary, kSubkey),
      with(kUsual, kFpr, "fpr:::::::::E1F9:\n"),
      with(kUsual, "1767225600:::-:::scESC", "yesterday:::-:::scESC"),
      with(kUsual, "1777225600", "x"),
      with(kUsual, kPub, "pub:-:255\n"),
      kUsual + kUid,
  };
  for (const std::string& listing : cases) {
    INFO(listing);
    CHECK(read(listing).error().code == ErrorCode::certificate_refused);
  }
}
