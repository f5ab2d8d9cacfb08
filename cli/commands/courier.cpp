// The server's two sides of a stick.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/challenge_request.hpp"
#include "cli/local_carrier.hpp"
#include "storage/base/shell.hpp"
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
  std::optional<Error> first;
  if (!report.server) first = report.server.error();
  for (const auto& one : report.challenges) {
    challenges.push(outcome_fields(Json::object().set("user", one.username), "file", one.file));
    if (!one.file && !first) first = Error{one.file.error().code, one.username + ": " + one.file.error().detail};
  }
  context.terminal.answer(Json::object().set("challenges", std::move(challenges)));
  if (first) return tl::unexpected<Error>(*first);
  return ok();
}

using transport::courier::ImportedFile;
using transport::courier::ImportReport;

// What people call the accounts that responses name. Anybody can write any name into a text: it tells an operator whom
// to ask, and proves nothing.
class ClaimedNames {
 public:
  explicit ClaimedNames(Store& store) : store_(store) {}

  // Empty where there is no such account.
  const std::string& of(const std::string& account) {
    const auto [known, is_new] = names_.try_emplace(account);
    if (!is_new || account.empty()) return known->second;
    const auto shown = ask_store(store_, "account.show", Json::object().set("account", account), "");
    const Json* name = shown ? shown->find("username") : nullptr;
    if (name != nullptr && name->string() != nullptr) known->second = *name->string();
    return known->second;
  }

 private:
  Store& store_;
  std::map<std::string, std::string> names_;
};

Json texts(const std::vector<std::string>& all) {
  Json out = Json::array();
  for (const std::string& one : all) out.push(one);
  return out;
}

Json answer_of(const ImportReport& report, ClaimedNames& names) {
  Json files = Json::array();
  for (const ImportedFile& one : report.files) {
    Json file = Json::object().set("name", one.name).set("settlement", transport::courier::name_of(one.settlement));
    if (!one.account.empty()) file.set("claimed_account", one.account).set("claimed_username", names.of(one.account));
    files.push(outcome_fields(std::move(file), "outcome", one.outcome));
  }
  return Json::object()
      .set("files", std::move(files))
      .set("beyond", static_cast<std::int64_t>(report.beyond))
      .set("foreign", static_cast<std::int64_t>(report.foreign))
      .set("foreign_names", texts(report.foreign_names))
      .set("misplaced", texts(report.misplaced))
      .set("renamed", texts(report.renamed));
}

// In the order in which it happened; what is the same in every line goes last, as it is the longest.
Json table_of(const ImportReport& report, ClaimedNames& names) {
  Json rows = Json::array();
  for (const ImportedFile& one : report.files) {
    const std::string& name = names.of(one.account);
    rows.push(Json::object()
                  .set("what", transport::courier::name_of(one.settlement))
                  .set("claims", name.empty() ? Json() : Json(name))
                  .set("file", one.settlement == Settlement::granted ? *one.outcome : one.name));
  }
  return rows;
}

std::string said_of(const ImportedFile& file) {
  const Error& error = file.outcome.error();
  return fmt::format("{}: {}{}{}", file.name, name_of(error.code), error.detail.empty() ? "" : "\n  ", error.detail);
}

// What there is to say of one file besides its line.
std::string remark_on(const ImportedFile& file, const std::string& folder) {
  if (!file.moved) {
    return file.name + " was settled but could not be moved to inbox/done;\n  importing again is harmless";
  }
  switch (file.settlement) {
    case Settlement::granted:
    case Settlement::accepted:
      return "";
    case Settlement::held:
      return fmt::format("{}: compare the fingerprint, then\n  countersign account confirm {} --user NAME", file.name,
                         *file.outcome);
    case Settlement::present:
      return file.name + ": its key is this account's already, and there is nothing to confirm:\n  " + *file.outcome;
    case Settlement::exposed:
      return fmt::format(
          "{} is a SECRET key. It was copied nowhere and stays in the inbox.\n"
          "  Whoever had the stick may have it: its owner has to revoke it and to make\n"
          "  a new one. Then take it off the stick:\n  shred -u {}",
          file.name, quoted_for_shell(folder + "/inbox/" + file.name));
    case Settlement::another_server:
      return fmt::format("{} was left alone; it is for\n  {}", file.name, *file.outcome);
    case Settlement::refused:
    case Settlement::incomplete:
    case Settlement::left:
      return said_of(file);
  }
  return "";
}

void say_names(const ImportReport& report, const std::string& folder, Terminal& terminal) {
  for (const std::string& name : report.misplaced) {
    terminal.say(fmt::format("{} lies in the outbox, where nothing takes it:\n  mv {} {}", name,
                             quoted_for_shell(folder + "/outbox/" + name), quoted_for_shell(folder + "/inbox/")));
  }
  for (const std::string& name : report.renamed) {
    const auto without_txt = transport::courier::name_without_txt(name);
    const auto meant = without_txt ? without_txt : transport::courier::plain_name(name);
    terminal.say(fmt::format("{} {}, so nothing takes it:\n  mv {} {}", name,
                             without_txt ? "ends in .txt" : "has more in its name than letters, digits and ._-",
                             quoted_for_shell(folder + "/inbox/" + name),
                             quoted_for_shell(folder + "/inbox/" + meant.value_or(name))));
  }
  for (const std::string& name : report.foreign_names) {
    if (std::find(report.renamed.begin(), report.renamed.end(), name) != report.renamed.end()) continue;
    terminal.say("not a courier file, left alone: " + name);
  }
}

Status run_courier_import(const CourierImportOptions& options, CommandContext& context) {
  // What comes by stick may take rights away.
  const auto store = TRY(open_store(context, OpenedFor::taking_away));
  auto folder = TRY(transport::courier::CourierFolder::open_used(options.folder));
  transport::courier::CourierCarrier carrier(store->operations(), store->rng());
  const ImportReport report = TRY(carrier.import_responses(folder, progress_lines(context.terminal, "files taken")));
  ClaimedNames names(*store);
  if (context.terminal.json()) {
    context.terminal.answer(answer_of(report, names));
  } else if (!report.files.empty()) {
    context.terminal.answer(table_of(report, names));
  }
  const ImportedFile* first = nullptr;
  for (const ImportedFile& one : report.files) {
    if (const std::string remark = remark_on(one, options.folder); !remark.empty()) context.terminal.say(remark);
    if (!one.outcome && one.settlement != Settlement::incomplete && first == nullptr) first = &one;
  }
  if (report.beyond > 0 || report.cut) context.terminal.say("There are more files than one run takes: import again.");
  if (report.files.empty())
    context.terminal.say("Nothing to take: there is no response in " + options.folder + "/inbox");
  say_names(report, options.folder, context.terminal);
  // Why stands above, beside whatever else went wrong.
  if (first != nullptr) return fail(first->outcome.error().code, first->name);
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
