// Takes a response by hand.
#include "cli/commands/all.hpp"

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"
#include "cli/revoked.hpp"

namespace countersign::cli::commands {
namespace {

struct RedeemOptions {
  std::string file;        // empty or "-": stdin
  std::string public_key;  // for enrol: a file with the certificate, where the response does not hold it

  Arguments arguments() {
    return {
        {"FILE", &file, "The response; else stdin"},
        {"--public-key", &public_key, "For enrol: the file with the certificate, where the response has none"},
    };
  }
};

Status run_redeem(const RedeemOptions& options, CommandContext& context) {
  const bool from_stdin = options.file.empty() || options.file == "-";
  std::string text = TRY(read_input(options.file, auth::openpgp::gate::kCertificateReadBytesMax, context.terminal));
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return fail(ErrorCode::file_refused,
                (from_stdin ? "stdin" : options.file) + " is empty: there is no response in it");
  }
  if (!options.public_key.empty()) {
    text += "\n" +
            TRY(read_certificate(options.public_key, auth::openpgp::gate::kCertificateReadBytesMax, context.terminal));
  }
  const Json answer =
      TRY(about_input(options.file, ask_local(context, "response.redeem", Json::object(), std::move(text))));
  const Json* grant = answer.find("grant");
  if (context.terminal.json()) {
    context.terminal.answer(answer);
  } else if (answer.find("revoked_at") != nullptr) {
    context.terminal.answer(revocation_for_people(answer));
  } else if (grant == nullptr || grant->string() == nullptr) {
    context.terminal.answer(answer);
  } else {
    context.terminal.data(*grant->string());
  }
  return ok();
}

}  // namespace

Command redeem_command() {
  return command("redeem", "Take a response by hand", "countersign redeem alice.response.asc", run_redeem);
}

}  // namespace countersign::cli::commands
