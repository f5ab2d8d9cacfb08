// The client's side of a challenge, also as a filter: checks the server, shows the statement, signs it.
#include "cli/commands/all.hpp"

#include "cli/client_side.hpp"
#include "cli/input.hpp"

namespace countersign::cli::commands {
namespace {

struct RespondOptions {
  std::string file;  // empty or "-": stdin
  ExpectedServer expected_server;
  std::string new_key;  // for rotate: the fingerprint of the next key
  std::string purpose;  // what the user means to sign

  Arguments arguments() {
    return joined({{"FILE", &file, "The challenge message; else stdin"},
                   {"--purpose", &purpose, "What one means to sign: login (the default), enrol, rotate, ..."},
                   {"--new-key", &new_key, "For rotate: the fingerprint of one's next key"}},
                  expected_server.arguments());
  }
};

constexpr std::size_t kMessageBytesMax = 64u << 10;

Status run_respond(const RespondOptions& options, CommandContext& context) {
  const auth::records::Purpose purpose = TRY(purpose_of(options.purpose));
  const auto new_key = TRY(new_key_of(purpose, options.new_key));
  const std::string message = TRY(read_input(options.file, kMessageBytesMax, context.terminal));
  const auto side = TRY(ClientSide::open(context));
  const auto expected = TRY(side->expect(options.expected_server));
  const auto checked = TRY(about_input(options.file, side->open_challenge(message, expected, purpose)));
  show_statement(context.terminal, checked);
  const std::string response = TRY(side->sign(checked, new_key));
  if (!context.terminal.json()) {
    context.terminal.data(response);
    return ok();
  }
  const auth::records::Statement& statement = checked.statement();
  context.terminal.answer(Json::object()
                              .set("server", statement.server)
                              .set("account", statement.account)
                              .set("key", statement.key.upper())
                              .set("purpose", auth::records::name_of(statement.purpose))
                              .set("expires_at", format_time(statement.expires_at))
                              .set("response", response));
  return ok();
}

}  // namespace

Command respond_command() {
  return command("respond", "Check a challenge, show its statement, sign it with one's own GnuPG",
                 "countersign respond < challenge.asc > response.asc", run_respond);
}

}  // namespace countersign::cli::commands
