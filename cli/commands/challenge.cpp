// Issues a challenge by hand, on stdout.
#include "cli/commands/all.hpp"

#include "cli/challenge_request.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct ChallengeOptions {
  std::string user;  // username or account id
  ChallengePurpose purpose;

  Arguments arguments() {
    return joined({user_argument(&user)}, purpose.arguments({"login", "enrol", "rotate", "revoke"}),
                  {{"--public-key", &purpose.public_key, "For enrol: the file with the certificate"}});
  }
};

Status run_challenge(const ChallengeOptions& options, CommandContext& context) {
  Json fields = name_account(TRY(purpose_fields(options.purpose, context.terminal)), options.user);
  const std::string& certificate =
      options.purpose.public_key.empty() ? options.purpose.new_public_key : options.purpose.public_key;
  const Json answer = TRY(about_certificate(certificate, ask_local(context, "challenge.issue", std::move(fields), "")));
  if (context.terminal.json()) {
    context.terminal.answer(answer);
  } else {
    context.terminal.data(*answer.find("challenge_message")->string());
  }
  return ok();
}

}  // namespace

Command challenge_command() {
  return command("challenge", "Issue a challenge by hand, on stdout",
                 "countersign challenge alice > alice.challenge.asc", run_challenge);
}

}  // namespace countersign::cli::commands
