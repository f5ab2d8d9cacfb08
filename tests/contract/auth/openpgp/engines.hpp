// The engines that the contract suite runs over, and what its files share.
#pragma once

#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/both_openpgp.hpp"
#include "auth/openpgp/gate/clear_signed.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "auth/openpgp/gnupg/gpgme_openpgp.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"

namespace countersign::test {

struct Engine {
  const char* name;
  Result<std::unique_ptr<auth::openpgp::OpenPgp>> (*open)(const Secret& secret_key);
};

inline Result<std::unique_ptr<auth::openpgp::OpenPgp>> open_rnp(const Secret& secret_key) {
  return std::unique_ptr<auth::openpgp::OpenPgp>(TRY(auth::openpgp::rnp::RnpOpenPgp::open(secret_key)));
}

inline Result<std::unique_ptr<auth::openpgp::OpenPgp>> open_gpgme(const Secret& secret_key) {
  auth::openpgp::gnupg::GpgmeOptions options;
  options.worker_program = COUNTERSIGN_PROGRAM;
  return std::unique_ptr<auth::openpgp::OpenPgp>(TRY(auth::openpgp::gnupg::GpgmeOpenPgp::open(secret_key, options)));
}

// RNP holds the server's key, as in a server (cli/engine.cpp).
inline Result<std::unique_ptr<auth::openpgp::OpenPgp>> open_both(const Secret& secret_key) {
  auth::openpgp::BothOpenPgp::Engine rnp{"rnp", TRY(open_rnp(secret_key))};
  auth::openpgp::BothOpenPgp::Engine gpgme{"gpgme", TRY(open_gpgme(Secret()))};
  return std::unique_ptr<auth::openpgp::OpenPgp>(
      std::make_unique<auth::openpgp::BothOpenPgp>(std::move(rnp), std::move(gpgme)));
}

// An engine joins the suite by a line here.
inline constexpr Engine kEngines[] = {{"rnp", &open_rnp}, {"gpgme", &open_gpgme}, {"both", &open_both}};

inline const std::string kText =
    "countersign-statement-v1\npurpose: login\nchallenge: AbC-_9\nnonce: x\ntransport: http\n";
// Keys and signatures are made at this time, and it is now, unless a test says otherwise.
inline const Instant kNow = parse_time("2026-01-01T00:00:00Z").value();
inline constexpr const char* kGpgNow = "20260101T000000!";
inline constexpr Seconds kDay{86400};

template <class T>
T must(Result<T> result) {
  INFO((result ? std::string() : std::string(name_of(result.error().code)) + ": " + result.error().detail));
  REQUIRE(result.has_value());
  return *std::move(result);
}

// The name of the failure, or "ok".
template <class T>
std::string outcome_of(const Result<T>& result) {
  return result ? "ok" : std::string(name_of(result.error().code));
}

inline std::unique_ptr<auth::openpgp::OpenPgp> open_without_key(const Engine& engine) {
  return must(engine.open(Secret()));
}

inline auth::openpgp::gate::GatedCertificate gated(std::string_view text) {
  return must(auth::openpgp::gate::admit_certificate(text, auth::openpgp::gate::kCertificateReadBytesMax));
}
inline auth::openpgp::gate::GatedCertificate gated(const Bytes& packets) {
  return gated(as_text(packets));
}

// The name of the refusal, or "accepted". The window is five minutes around `now`.
inline std::string verdict(auth::openpgp::OpenPgp& engine, const auth::openpgp::gate::GatedCertificate& certificate,
                           std::string_view text, std::string_view signature, auth::openpgp::SignatureForm form,
                           Instant now = kNow) {
  const auto admitted = auth::openpgp::gate::admit_signature(signature);
  if (!admitted) return "gate: " + std::string(name_of(admitted.error().code));
  const auto accepted = auth::openpgp::accept_signature(engine, certificate, text, *admitted, form,
                                                        {now - Seconds(300), now + Seconds(300)}, now);
  return accepted ? "accepted" : std::string(name_of(accepted.error().code));
}

inline std::string clear_signature(std::string_view response) {
  return must(auth::openpgp::gate::split_response(response)).messages.at(0).signature;
}

}  // namespace countersign::test
