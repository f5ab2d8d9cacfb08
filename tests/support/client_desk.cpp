#include "tests/support/client_desk.hpp"

#include <filesystem>
#include <stdexcept>

#include "auth/base/account_id.hpp"
#include "auth/base/clock.hpp"
#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/gate/clear_signed.hpp"
#include "auth/openpgp/policy.hpp"
#include "cli/app.hpp"

namespace countersign::test {

using namespace countersign::auth;

ClientDesk::ClientDesk() : key_(home_.make_key("ed25519", "alice")), config_("/tmp/cs_desk.XXXXXX") {
  if (::mkdtemp(config_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
}

ClientDesk::~ClientDesk() {
  std::error_code ignored;
  std::filesystem::remove_all(config_, ignored);
}

CommandRun ClientDesk::run(const std::vector<std::string>& arguments, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  cli::Terminal::Shape shape;
  shape.tty_path = "/nonexistent/tty";
  cli::Terminal terminal(in, out, err, shape);
  const cli::Environment environment{{{"XDG_CONFIG_HOME", config_}, {"GNUPGHOME", home_.path()}, {"HOME", config_}}};
  CommandRun run;
  run.exit_code = cli::run_app(arguments, terminal, environment);
  run.out = out.str();
  run.err = err.str();
  return run;
}

SealingServer::SealingServer(std::string name) : name_(std::move(name)) {
  const auto maker = openpgp::rnp::RnpOpenPgp::open(Secret{}).value();
  const auto pair =
      maker->generate({openpgp::KeyKind::ed25519_cv25519, name_, SystemClock().now() - Seconds(3600)}).value();
  engine_ = openpgp::rnp::RnpOpenPgp::open(pair.secret_key).value();
  key_ = pair.fingerprint;
}

records::Statement SealingServer::statement(ClientDesk& desk, const std::string& username) const {
  records::Statement statement;
  statement.server = name_;
  statement.server_key = key_;
  statement.account = account_id_of(username);
  statement.key = Fingerprint::parse(desk.key()).value();
  statement.challenge = base64url(as_bytes("a sealed challenge, opaque to the client"));
  statement.nonce = base64url(Bytes(32, 0x5a));
  statement.issued_at = SystemClock().now();
  statement.expires_at = statement.issued_at + Seconds(300);
  return statement;
}

records::SessionGrant SealingServer::grant(const std::string& username) const {
  records::SessionGrant grant;
  grant.server = name_;
  grant.server_key = key_;
  grant.account = account_id_of(username);
  grant.session = std::string(32, 'a');
  grant.use_before = SystemClock().now() + Seconds(7 * 86400);
  grant.token = Secret(as_bytes("cs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
  return grant;
}

std::string SealingServer::seal(ClientDesk& desk, std::string_view text) {
  const Instant now = SystemClock().now();
  const auto recipient =
      openpgp::gate::admit_certificate(desk.certificate(), openpgp::gate::kCertificateReadBytesMax).value();
  const auto key = openpgp::choose_encryption_key(engine_->inspect(recipient, now).value(), now).value();
  return engine_->seal(openpgp::SealRequest{recipient, key.fingerprint, text, true, now}).value();
}

Status SealingServer::judge(ClientDesk& desk, std::string_view response, const records::Statement& statement) {
  const Instant now = SystemClock().now();
  const auto parts = TRY(openpgp::gate::split_response(response));
  if (parts.messages.size() != 1) return fail(ErrorCode::malformed_message, "not one message");
  const auto signature = TRY(openpgp::gate::admit_signature(parts.messages.front().signature));
  const auto certificate =
      TRY(openpgp::gate::admit_certificate(desk.certificate(), openpgp::gate::kCertificateReadBytesMax));
  TRY(openpgp::accept_signature(*engine_, certificate, write_statement(statement), signature,
                                openpgp::SignatureForm::clear_signed, {now - Seconds(300), now + Seconds(300)}, now));
  return ok();
}

}  // namespace countersign::test
