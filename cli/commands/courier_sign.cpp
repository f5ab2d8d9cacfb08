// The air-gapped signer's side of a stick.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "cli/client_side.hpp"
#include "transport/courier/courier_signer.hpp"

namespace countersign::cli::commands {
namespace {

struct CourierSignOptions {
  std::string folder;
  ExpectedServer expected_server;
  std::string new_key;  // for rotate: the fingerprint of the next key
  std::string purpose;

  Arguments arguments() {
    return joined({Argument("DIR", &folder, "The stick's folder").required(),
                   {"--purpose", &purpose, "What one means to sign (login)"},
                   {"--new-key", &new_key, "For rotate: the fingerprint of one's next key"}},
                  expected_server.arguments());
  }
};

using auth::client::CheckedStatement;
using auth::client::ServerExpectation;
using transport::courier::CourierFile;
using transport::courier::CourierFiles;
using transport::courier::CourierFolder;

struct Signing {
  ClientSide& side;
  const ServerExpectation& expected;
  auth::records::Purpose purpose;
  const std::optional<auth::Fingerprint>& new_key;
  CourierFolder& folder;
  Terminal& terminal;
};

// The server that was signed for.
Result<std::string> sign_one(const Signing& signing, const CourierFile& file) {
  const std::string message = TRY(file.text);
  const CheckedStatement checked = TRY(signing.side.open_challenge(message, signing.expected, signing.purpose));
  if (checked.statement().transport != auth::records::Transport::courier) {
    return fail(ErrorCode::transport_mismatch, "it is no courier's challenge");
  }
  show_statement(signing.terminal, checked);
  const std::string response = TRY(signing.side.sign(checked, signing.new_key));
  TRY(transport::courier::write_response(signing.folder, file.id, response));
  return checked.statement().server;
}

Json row_of(const CourierFile& file, const Result<std::string>& outcome) {
  Json row = Json::object().set("challenge", file.id);
  if (outcome) return std::move(row).set("outcome", "signed").set("server", *outcome).set("why", "");
  // A stick serves several people, so another's challenge is nothing to worry about.
  if (outcome.error().code == ErrorCode::not_found) {
    return std::move(row).set("outcome", "for another key").set("server", nullptr).set("why", "");
  }
  return std::move(row).set("outcome", "not signed").set("server", nullptr).set("why", name_of(outcome.error().code));
}

Status run_courier_sign(const CourierSignOptions& options, CommandContext& context) {
  const auth::records::Purpose purpose = TRY(purpose_of(options.purpose));
  const auto new_key = TRY(new_key_of(purpose, options.new_key));
  const auto side = TRY(ClientSide::open(context));
  const auto expected = TRY(side->expect(options.expected_server));
  CourierFolder folder = TRY(CourierFolder::open_used(options.folder));
  const CourierFiles challenges = TRY(transport::courier::read_challenges(folder));
  const Signing signing{*side, expected, purpose, new_key, folder, context.terminal};
  Json rows = Json::array();
  std::size_t signed_count = 0;
  std::size_t failed_count = 0;
  std::optional<Error> first_error;
  for (const CourierFile& file : challenges.files) {
    const Result<std::string> outcome = sign_one(signing, file);
    rows.push(row_of(file, outcome));
    if (outcome) ++signed_count;
    if (outcome || outcome.error().code == ErrorCode::not_found) continue;
    ++failed_count;
    if (!first_error) first_error = outcome.error();
    context.terminal.say(fmt::format("{}: {}", file.id, outcome.error().detail));
  }
  context.terminal.answer(Json::object().set("challenges", std::move(rows)));
  context.terminal.say(fmt::format("{} signed, {} not signed, {} in all", signed_count, failed_count,
                                   challenges.files.size() + challenges.beyond));
  if (!challenges.files.empty() && signed_count == 0 && failed_count == 0) {
    context.terminal.say("None of them is for a key of yours; is GNUPGHOME the right folder?");
  }
  if (challenges.beyond > 0) context.terminal.say("There are more than one run takes; sign again.");
  const CourierFiles grants = TRY(transport::courier::read_grants(folder));
  if (!grants.files.empty()) {
    context.terminal.say(
        fmt::format("Session grants: {}. `countersign courier open` opens those that are yours.", grants.files.size()));
  }
  if (first_error) return tl::unexpected<Error>(*first_error);
  return ok();
}

}  // namespace

Command courier_sign_command() {
  return command("sign", "Answer the challenges on a stick that are for one's own key",
                 "countersign courier sign /media/stick", run_courier_sign);
}

}  // namespace countersign::cli::commands
