#include "auth/client/responder.hpp"

#include <fmt/format.h>

#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/gate/clear_signed.hpp"
#include "auth/openpgp/gate/signed_message.hpp"

namespace countersign::auth::client {
namespace {

// How far the server's signature may be dated from the time that the message itself states.
constexpr Seconds kServerSignatureWindow{300};
// How far this machine's clock may be behind before the server would refuse the signature anyway.
constexpr Seconds kClockBehindHttp{300};
constexpr Seconds kClockBehindCourier{48 * 3600};
// Between signing and judging it here.
constexpr Seconds kOwnSignatureWindow{300};
// A grant states when it ends, not when it was made.
constexpr Seconds kGrantLifetimeMax{31 * 86400};

openpgp::SignatureWindow window_of(const records::Statement& statement) {
  return {statement.issued_at - kServerSignatureWindow, statement.issued_at + kServerSignatureWindow};
}

openpgp::SignatureWindow window_of(const records::SessionGrant& grant) {
  return {grant.use_before - kGrantLifetimeMax, grant.use_before};
}

std::string command_to_trust(std::string_view name, const Fingerprint& key) {
  return fmt::format(
      "{} with the key {}\n  Compare the fingerprint with its administrator's, not with what the server says. If it is "
      "right, run:\n  {}",
      name, key.upper(), trust_command(name, key, ""));
}

Status check_name(const ServerExpectation& expected, std::string_view name) {
  if (expected.name && *expected.name != name) {
    return fail(
        ErrorCode::server_mismatch,
        fmt::format("the message is from {}, and {} was meant; somebody may be passing it on", name, *expected.name));
  }
  return ok();
}

// The fingerprint that the user knows the server by; nothing where they know none.
std::optional<Fingerprint> expected_key(const ServerExpectation& expected, std::string_view name) {
  if (expected.name && expected.key) return expected.key;
  const KnownServer* known = expected.known.find(name);
  if (known == nullptr) return std::nullopt;
  return known->key;
}

// The way from the key that the user knows to the one that came, as the message tells it.
Result<records::Followed> follow(openpgp::OpenPgp& engine, const openpgp::gate::SignedMessage& message,
                                 std::string_view server, const Fingerprint& known, const Fingerprint& presented,
                                 Instant now) {
  const std::string what =
      fmt::format("{} is known by the key {}, and this message came with {}", server, known.upper(), presented.upper());
  if (message.successions.empty()) return fail(ErrorCode::server_mismatch, what);
  std::vector<records::SuccessionProof> proofs;
  for (const Bytes& body : message.successions) proofs.push_back(TRY(records::unpack_succession(body)));
  auto followed = follow_successions(engine, proofs, server, known, presented, now);
  if (followed || followed.error().code != ErrorCode::server_mismatch) return followed;
  return fail(ErrorCode::server_mismatch, what + "\n  " + followed.error().detail);
}

Status check_times(const records::Statement& statement, Instant now) {
  if (now >= statement.expires_at) {
    return fail(ErrorCode::challenge_expired,
                fmt::format("at {}, and this machine's clock says {}; is the clock right?",
                            format_time(statement.expires_at), format_time(now)));
  }
  const Seconds behind = statement.transport == records::Transport::courier ? kClockBehindCourier : kClockBehindHttp;
  if (now + behind < statement.issued_at) {
    return fail(ErrorCode::challenge_not_yet_valid,
                fmt::format("issued at {}, and this machine's clock says {}; set the clock",
                            format_time(statement.issued_at), format_time(now)));
  }
  return ok();
}

}  // namespace

template <class Named>
Status Responder::check_server(const ServerExpectation& expected, const Named& named,
                               const openpgp::gate::SignedMessage& message, Instant now) {
  TRY(check_name(expected, named.server));
  if (!message.key_block) {
    return fail(ErrorCode::packet_refused, "the message does not bring the server's certificate along");
  }
  const Fingerprint presented = message.key_block->fingerprint();
  const auto key = expected_key(expected, named.server);
  std::optional<records::Followed> followed;
  if (key && presented != *key) followed = TRY(follow(engine_, message, named.server, *key, presented, now));
  if (named.server_key != presented) {
    return fail(ErrorCode::server_mismatch, fmt::format("the message names the key {} and came with {}",
                                                        named.server_key.upper(), presented.upper()));
  }
  TRY(openpgp::accept_signature(engine_, *message.key_block, message.text, message.signature,
                                openpgp::SignatureForm::detached, window_of(named), now));
  // Said last, so that the fingerprint shown is of a key that did sign this.
  if (!key) return fail(ErrorCode::server_unknown, command_to_trust(named.server, presented));
  if (followed) followed_.push_back(*std::move(followed));
  return ok();
}

Result<CheckedStatement> Responder::open_challenge(std::string_view message, const ServerExpectation& expected,
                                                   records::Purpose purpose) {
  const Instant now = clock_.now();
  const Secret packets = TRY(keys_.open(message));
  const openpgp::gate::SignedMessage inside = TRY(openpgp::gate::take_signed_message(packets.reveal()));
  records::Statement statement = TRY(records::parse_statement(inside.text));
  TRY(check_server(expected, statement, inside, now));
  if (statement.purpose != purpose) {
    return fail(ErrorCode::challenge_of_another_purpose,
                fmt::format("it is for {}, and {} was meant; if it is what you want, pass --purpose {}",
                            name_of(statement.purpose), name_of(purpose), name_of(statement.purpose)));
  }
  TRY(check_times(statement, now));
  return CheckedStatement(std::move(statement), inside.text);
}

Result<std::string> Responder::clear_signed(const CheckedStatement& checked, const Fingerprint& key) {
  TRY(check_times(checked.statement(), clock_.now()));
  std::string response = TRY(keys_.clear_sign(checked.text(), key));
  // A statement has no line that clear-signing would change, so it stands in the response as it is.
  if (response.find("\n\n" + checked.text()) == std::string::npos) {
    return fail(ErrorCode::gnupg_failed,
                "what came back is not the statement that was to be signed" + keys_.words_on_signing());
  }
  TRY(check_own(response, checked.text(), key));
  return response;
}

// As a server judges it, which says of a refusal nothing but that it is one.
Status Responder::check_own(std::string_view response, std::string_view text, const Fingerprint& key) {
  const auto certificate =
      openpgp::gate::admit_certificate(TRY(keys_.certificate(key)), openpgp::gate::kCertificateLocalReadBytesMax);
  // The server has a copy of its own, and judges that.
  if (!certificate) return ok();
  const Instant now = clock_.now();
  const auto judge = [&]() -> Result<openpgp::AcceptedSignature> {
    const auto parts = TRY(openpgp::gate::split_response(response));
    const auto signature = TRY(openpgp::gate::admit_signature(parts.messages.front().signature));
    return openpgp::accept_signature(engine_, *certificate, text, signature, openpgp::SignatureForm::clear_signed,
                                     {now - kOwnSignatureWindow, now + kOwnSignatureWindow}, now);
  };
  const auto judged = judge();
  if (judged) return ok();
  const Error& error = judged.error();
  return fail(error.code, fmt::format("your GnuPG signed so that servers refuse it{}{}{}",
                                      error.detail.empty() ? "" : ": ", error.detail, keys_.words_on_signing()));
}

Result<std::string> Responder::sign(const CheckedStatement& checked) {
  return clear_signed(checked, checked.statement().key);
}

Result<std::string> Responder::sign_rotation(const CheckedStatement& checked, const Fingerprint& next) {
  const records::Statement& statement = checked.statement();
  if (statement.purpose != records::Purpose::rotate || statement.extra != next.upper()) {
    return fail(ErrorCode::challenge_of_another_purpose,
                fmt::format("it does not ask to go over to the key {}", next.upper()));
  }
  // The new key first: where it cannot sign, the current one need not be asked.
  const std::string by_next = TRY(clear_signed(checked, next));
  const std::string certificate = TRY(keys_.certificate(next));
  return TRY(clear_signed(checked, statement.key)) + by_next + certificate;
}

Result<records::SessionGrant> Responder::open_grant(std::string_view message, const ServerExpectation& expected) {
  const Instant now = clock_.now();
  const Secret packets = TRY(keys_.open(message));
  openpgp::gate::SignedMessage inside = TRY(openpgp::gate::take_signed_message(packets.reveal()));
  Result<records::SessionGrant> grant = records::parse_session_grant(inside.text);
  Status checked = grant ? check_server(expected, *grant, inside, now) : ok();
  wipe(inside.text);  // it held the token
  if (!grant) return grant;
  TRY(std::move(checked));
  if (now >= grant->use_before) return fail(ErrorCode::session_grant_expired, format_time(grant->use_before));
  return grant;
}

}  // namespace countersign::auth::client
