#include "cli/commands/challenge.hpp"

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"

namespace countersign::cli {

Status run_challenge(const ChallengeOptions& options, CommandContext& context) {
  Json fields = name_account(Json::object(), options.user);
  if (!options.purpose.empty()) fields.set("purpose", options.purpose);
  if (!options.public_key.empty()) {
    fields.set("public_key",
               TRY(read_certificate(options.public_key, auth::openpgp::kCertificateReadBytesMax, context.terminal)));
  }
  const Json answer = TRY(ask_local(context, "challenge.issue", std::move(fields), ""));
  if (context.terminal.json()) {
    context.terminal.answer(answer);
  } else {
    context.terminal.data(*answer.find("challenge_message")->string());
  }
  return ok();
}

}  // namespace countersign::cli
