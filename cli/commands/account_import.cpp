// Taking accounts over from the Go predecessor.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct AccountImportOptions {
  std::string folder;  // the one that holds `users`
  bool skip_strays = false;
  bool dry_run = false;

  Arguments arguments() {
    return {
        Argument("DIR", &folder, "The folder that holds `users`").required(),
        {"--skip-strays", &skip_strays, "Leave links and other files that are no account's out, and report them"},
        {"--dry-run", &dry_run, "Say what would be done, and change nothing"},
    };
  }
};

std::string bar_of(std::size_t done, std::size_t total) {
  constexpr std::size_t kCells = 25;
  const std::size_t filled = kCells * done / total;
  return fmt::format("[{:#<{}}{:.<{}}] {} of {} accounts", "", filled, "", kCells - filled, done, total);
}

Status run_account_import(const AccountImportOptions& options, CommandContext& context) {
  Json fields = Json::object()
                    .set("folder", options.folder)
                    .set("skip_strays", options.skip_strays)
                    .set("dry_run", options.dry_run);
  const auto show = [&](std::size_t done, std::size_t total) { context.terminal.progress(bar_of(done, total)); };
  const Json summary = TRY(ask_watched(context, "account.import", std::move(fields), show));
  context.terminal.answer(summary);
  if (options.dry_run) context.terminal.say("Nothing was changed: this was a dry run.");
  if (const Json* denied = summary.find("denied"); denied->integer() != nullptr && *denied->integer() > 0) {
    context.terminal.say(
        "The denied are revoked until you decide: `countersign account restore ID` lets one in, best with a new key "
        "(--public-key FILE), `countersign account delete ID` ends it.");
  }
  return ok();
}

}  // namespace

Command account_import_command() {
  return command("import-legacy", "Take over the accounts of go-crypt/auth; nothing in its folder is changed",
                 "countersign account import-legacy /var/lib/go-auth --dry-run", run_account_import);
}

}  // namespace countersign::cli::commands
