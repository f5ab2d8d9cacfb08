// A responder over keys that sign nothing and a server that signs what a test wants.
#pragma once

#include <catch2/catch.hpp>

#include "auth/client/responder.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/signed_by_server.hpp"

namespace countersign::test {

using namespace auth;
using namespace auth::client;

inline const std::string kToken = "cs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

class FixedClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  std::chrono::milliseconds monotonic() const override { return {}; }
  Instant now_{};
};

// "Decrypts" what is handed in as it is, and remembers what it was asked to sign.
class FakeUserKeys final : public client::UserKeys {
 public:
  Result<Secret> open(std::string_view message) override {
    if (open_error) return tl::unexpected<Error>(*open_error);
    return Secret(as_bytes(message));
  }
  Result<std::string> certificate(const Fingerprint& key) override { return "certificate of " + key.upper() + "\n"; }

  std::string words_on_signing() const override { return ""; }

  Result<std::string> clear_sign(std::string_view text, const Fingerprint& key) override {
    signed_texts.emplace_back(text);
    signed_with = key;
    return "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" + (instead.empty() ? std::string(text) : instead) +
           "-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----\n";
  }

  std::optional<Error> open_error;
  std::string instead;
  std::vector<std::string> signed_texts;
  Fingerprint signed_with;
};

// Making keys takes a while, and none of these tests changes them.
inline ServerKeys& server_keys() {
  static ServerKeys keys;
  return keys;
}

struct Scene {
  Scene() {
    clock.now_ = statement.issued_at + Seconds(10);
    REQUIRE(known.trust({kServerName, server.server(), ""}).has_value());
  }

  Result<client::CheckedStatement> open(const Bytes& packets, records::Purpose purpose = records::Purpose::login) {
    return responder.open_challenge(as_text(packets), expected, purpose);
  }
  Result<client::CheckedStatement> open_statement() { return open(server.message(statement)); }

  ServerKeys& server = server_keys();
  records::Statement statement = server.statement();
  std::unique_ptr<openpgp::rnp::RnpOpenPgp> engine = openpgp::rnp::RnpOpenPgp::open(Secret{}).value();
  FakeUserKeys keys;
  FixedClock clock;
  client::KnownServers known;
  client::ServerExpectation expected{known, std::nullopt, std::nullopt};
  client::Responder responder{*engine, keys, clock};
};

template <class Value>
void require_refused(const Result<Value>& result, ErrorCode code) {
  REQUIRE(!result);
  INFO(result.error().detail);
  REQUIRE(name_of(result.error().code) == name_of(code));
}

inline std::string grant_text(const ServerKeys& server, const std::string& name, const Fingerprint& key) {
  records::SessionGrant grant;
  grant.server = name;
  grant.server_key = key;
  grant.account = server.statement().account;
  grant.session = std::string(32, 'a');
  grant.use_before = server.statement().issued_at + Seconds(7 * 86400);
  grant.token = Secret(as_bytes(kToken));
  return std::string(write_session_grant(grant).reveal_text());
}

}  // namespace countersign::test
