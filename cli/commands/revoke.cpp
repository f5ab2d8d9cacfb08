// Revokes an account's key, as its administrator.
#include "cli/commands/all.hpp"

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "auth/records/revocation_record.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"
#include "cli/revoked.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli::commands {
namespace {

constexpr const char* kReasons = "key_compromised, key_superseded, key_retired, no_longer_valid or unspecified";

struct RevokeOptions {
  std::string user;  // username or account id
  std::string reason;
  std::string note;
  std::string certificate;  // a file with an OpenPGP revocation certificate; "-" is stdin

  Arguments arguments() {
    return {
        user_argument(&user),
        {"--reason", &reason, kReasons},
        Argument("--note", &note, "A few words, 256 bytes at most").needs("--reason"),
        Argument("--certificate", &certificate, "The key's own OpenPGP revocation certificate: a file; - is stdin")
            .excludes("--reason"),
    };
  }
};

Status revoke_by(CommandContext& context, std::string_view operation, Json fields) {
  const Json record = TRY(ask_local(context, operation, std::move(fields), ""));
  context.terminal.answer(context.terminal.json() ? record : revocation_for_people(record));
  return ok();
}

Status run_revoke(const RevokeOptions& options, CommandContext& context) {
  Json fields = name_account(Json::object(), options.user);
  if (!options.certificate.empty()) {
    std::string text = TRY(read_input(options.certificate, auth::openpgp::gate::kSignatureBytesMax, context.terminal));
    // A binary one is armored on its way, as JSON holds text only.
    if (!is_utf8(text)) text = auth::openpgp::gate::enarmor("PGP SIGNATURE", as_bytes(text));
    fields.set("revocation_certificate", std::move(text));
    return about_certificate(options.certificate, revoke_by(context, "key.revoke", std::move(fields)));
  }
  if (options.reason.empty()) return fail(ErrorCode::usage, "say why with --reason, or pass --certificate");
  if (!auth::records::is_revocation_reason(options.reason)) {
    return fail(ErrorCode::usage, std::string("--reason is ") + kReasons);
  }
  fields.set("reason", options.reason);
  if (!options.note.empty()) fields.set("note", options.note);
  return revoke_by(context, "account.revoke", std::move(fields));
}

}  // namespace

Command revoke_command() {
  return command("revoke", "Revoke an account's key; every session of it ends",
                 "countersign revoke alice --reason key_compromised --note 'laptop stolen'", run_revoke);
}

}  // namespace countersign::cli::commands
