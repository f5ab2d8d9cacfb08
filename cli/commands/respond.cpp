#include "cli/commands/respond.hpp"

#include "cli/client_side.hpp"
#include "cli/input.hpp"

namespace countersign::cli {
namespace {

constexpr std::size_t kMessageBytesMax = 64u << 10;

}  // namespace

Status run_respond(const RespondOptions& options, CommandContext& context) {
  const auth::records::Purpose purpose = TRY(purpose_of(options.purpose));
  const auto new_key = TRY(new_key_of(purpose, options.new_key));
  const std::string message = TRY(read_input(options.file, kMessageBytesMax, context.terminal));
  const auto side = TRY(ClientSide::open(context));
  const auto expected = TRY(side->expect(options.server, options.server_key));
  const auto checked = TRY(side->open_challenge(message, expected, purpose));
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

}  // namespace countersign::cli
