// The air-gapped signer's last step: the session that a stick brought back.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "cli/client_side.hpp"
#include "cli/input.hpp"
#include "transport/courier/courier_signer.hpp"

namespace countersign::cli::commands {
namespace {

struct CourierOpenOptions {
  std::string path;  // a grant, or a courier folder for all in it; empty or "-": a grant from stdin
  ExpectedServer expected_server;

  Arguments arguments() {
    return joined({{"PATH", &path, "A grant, or the stick's folder; else stdin"}}, expected_server.arguments());
  }
};

using auth::client::ServerExpectation;
using transport::courier::CourierFile;
using transport::courier::CourierFiles;
using transport::courier::CourierFolder;

constexpr std::size_t kGrantBytesMax = 64u << 10;

Json answer_of(const auth::records::SessionGrant& grant) {
  return Json::object()
      .set("server", grant.server)
      .set("account", grant.account)
      .set("session", grant.session)
      .set("use_before", format_time(grant.use_before))
      .set("token", grant.token.reveal_text());
}

// The token alone on stdout, so that a script takes it as it is; the rest is talk.
void print_grant(Terminal& terminal, const auth::records::SessionGrant& grant) {
  Json answer = answer_of(grant);
  if (terminal.json()) {
    terminal.answer(answer);
    return;
  }
  terminal.data(std::string(grant.token.reveal_text()) + "\n");
  answer.erase("token");
  terminal.recite(text_of_answer(answer));
}

Status open_file(const CourierOpenOptions& options, ClientSide& side, const ServerExpectation& expected,
                 Terminal& terminal) {
  const std::string message = TRY(read_input(options.path, kGrantBytesMax, terminal));
  const auth::records::SessionGrant grant = TRY(about_input(options.path, side.open_grant(message, expected)));
  print_grant(terminal, grant);
  return ok();
}

// Every grant of the stick that is for one of the user's keys.
Status open_folder(const CourierOpenOptions& options, ClientSide& side, const ServerExpectation& expected,
                   Terminal& terminal) {
  CourierFolder folder = TRY(CourierFolder::open_used(options.path));
  const CourierFiles files = TRY(transport::courier::read_grants(folder));
  Json grants = Json::array();
  std::size_t opened = 0;
  std::optional<Error> first_error;
  for (const CourierFile& file : files.files) {
    const auto grant = file.text ? side.open_grant(*file.text, expected)
                                 : Result<auth::records::SessionGrant>(tl::unexpected<Error>(file.text.error()));
    if (grant) {
      ++opened;
      if (terminal.json()) {
        grants.push(answer_of(*grant));
      } else {
        print_grant(terminal, *grant);
      }
    } else if (grant.error().code != ErrorCode::not_found) {
      if (!first_error) first_error = grant.error();
      terminal.say(fmt::format("{}: {} {}", file.id, name_of(grant.error().code), grant.error().detail));
    }
  }
  if (terminal.json() && opened > 0) terminal.answer(Json::object().set("grants", std::move(grants)));
  if (first_error) return tl::unexpected<Error>(*first_error);
  if (opened == 0) return fail(ErrorCode::not_found, "no session grant on the stick is for one of your keys");
  return ok();
}

Status run_courier_open(const CourierOpenOptions& options, CommandContext& context) {
  const auto side = TRY(ClientSide::open(context));
  const auto expected = TRY(side->expect(options.expected_server));
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(options.path, error);
  return is_folder ? open_folder(options, *side, expected, context.terminal)
                   : open_file(options, *side, expected, context.terminal);
}

}  // namespace

Command courier_open_command() {
  return command("open", "Open the session grants that are for one's own key, and print their tokens",
                 "countersign courier open /media/stick", run_courier_open);
}

}  // namespace countersign::cli::commands
