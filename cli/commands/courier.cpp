// The server's two sides of a stick.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "cli/challenge_request.hpp"
#include "cli/local_carrier.hpp"
#include "storage/base/text.hpp"
#include "transport/courier/courier_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct CourierExportOptions {
  std::vector<std::string> users;
  std::string to;  // the stick's folder
  ChallengePurpose purpose;

  Arguments arguments() {
    return joined({Argument("USER", &users, "Usernames or account ids").required(),
                   Argument("--to", &to, "The stick's folder").required()},
                  purpose.arguments({"login", "rotate", "revoke"}));
  }
};

struct CourierImportOptions {
  std::string folder;

  Arguments arguments() {
    return {
        Argument("DIR", &folder, "The stick's folder").required(),
    };
  }
};

using transport::courier::Settlement;

// On long work a line now and then, so that nobody pulls the stick out early.
Progress progress_lines(Terminal& terminal, std::string_view what) {
  return [&terminal, what](std::size_t done, std::size_t total) {
    if (total > 20 && (done % 20 == 0 || done == total)) terminal.say(fmt::format("{} of {} {}", done, total, what));
  };
}

Json outcome_fields(Json json, const char* name, const Result<std::string>& outcome) {
  if (outcome) return std::move(json.set(name, *outcome));
  return std::move(json.set("error", name_of(outcome.error().code)).set("detail", outcome.error().detail));
}

Status run_courier_export(const CourierExportOptions& options, CommandContext& context) {
  const Json purpose = TRY(purpose_fields(options.purpose, context.terminal));
  if (!options.purpose.new_public_key.empty() && options.users.size() != 1) {
    return fail(ErrorCode::usage, "--new-public-key is one user's: export their challenge alone");
  }
  const auto store = TRY(open_store(context));
  auto folder = TRY(transport::courier::CourierFolder::open(options.to));
  transport::courier::CourierCarrier carrier(store->operations(), store->rng());
  const auto report = TRY(carrier.export_challenges(folder, options.users, purpose,
                                                    progress_lines(context.terminal, "challenges written")));
  Json challenges = Json::array();
  const Error* first = report.server ? nullptr : &report.server.error();
  for (const auto& one : report.challenges) {
    challenges.push(outcome_fields(Json::object().set("user", one.username), "file", one.file));
    if (!one.file && first == nullptr) first = &one.file.error();
  }
  context.terminal.answer(Json::object().set("challenges", std::move(challenges)));
  if (first != nullptr) return tl::unexpected<Error>(*first);
  return ok();
}

Status run_courier_import(const CourierImportOptions& options, CommandContext& context) {
  // What comes by stick may take rights away.
  const auto store = TRY(open_store(context, OpenedFor::taking_away));
  auto folder = TRY(transport::courier::CourierFolder::open(options.folder));
  transport::courier::CourierCarrier carrier(store->operations(), store->rng());
  const auto report = TRY(carrier.import_responses(folder, progress_lines(context.terminal, "files taken")));
  Json files = Json::array();
  const Error* first = nullptr;
  for (const auto& one : report.files) {
    files.push(outcome_fields(
        Json::object().set("name", one.name).set("settlement", transport::courier::name_of(one.settlement)), "outcome",
        one.outcome));
    if (!one.outcome && one.settlement != Settlement::incomplete && first == nullptr) first = &one.outcome.error();
    if (one.settlement == Settlement::present) {
      context.terminal.say(one.name + ": its key is this account's already, and there is nothing to confirm");
    }
    if (!one.moved && one.settlement != Settlement::incomplete && one.settlement != Settlement::left) {
      context.terminal.say(one.name + " was settled but could not be moved to inbox/done; importing again is harmless");
    }
  }
  context.terminal.answer(Json::object()
                              .set("files", std::move(files))
                              .set("beyond", static_cast<std::int64_t>(report.beyond))
                              .set("foreign", static_cast<std::int64_t>(report.foreign)));
  if (report.beyond > 0 || report.cut) context.terminal.say("There are more files than one run takes: import again.");
  if (report.files.empty())
    context.terminal.say("Nothing to take: there is no response in " + options.folder + "/inbox");
  for (const std::string& name : report.foreign_names) context.terminal.say("not a courier file, left alone: " + name);
  if (first != nullptr) return tl::unexpected<Error>(*first);
  return ok();
}

}  // namespace

Command courier_command() {
  return group("courier", "Files on a stick",
               {
                   command("export", "Write challenges to a stick (server)",
                           "countersign courier export alice bob --to /media/stick", run_courier_export),
                   command("import", "Take the responses from a stick (server)",
                           "countersign courier import /media/stick", run_courier_import),
                   courier_sign_command(),
                   courier_open_command(),
               });
}

}  // namespace countersign::cli::commands
