#include "cli/commands/revoke.hpp"

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {

Status run_revoke(const RevokeOptions& options, CommandContext& context) {
  Json fields = name_account(Json::object(), options.user);
  if (!options.certificate.empty()) {
    std::string text = TRY(read_input(options.certificate, auth::openpgp::gate::kSignatureBytesMax, context.terminal));
    // A binary one is armored on its way, as JSON holds text only.
    if (!is_utf8(text)) text = auth::openpgp::gate::enarmor("PGP SIGNATURE", as_bytes(text));
    return run_local(context, "key.revoke", std::move(fields.set("revocation_certificate", std::move(text))));
  }
  if (options.reason.empty()) return fail(ErrorCode::usage, "say why with --reason, or pass --certificate");
  fields.set("reason", options.reason);
  if (!options.note.empty()) fields.set("note", options.note);
  return run_local(context, "account.revoke", std::move(fields));
}

}  // namespace countersign::cli
