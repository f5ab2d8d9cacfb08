#include "cli/commands/account_import.hpp"

#include <fmt/format.h>

#include "cli/local_carrier.hpp"

namespace countersign::cli {
namespace {

std::string bar_of(std::size_t done, std::size_t total) {
  constexpr std::size_t kCells = 25;
  const std::size_t filled = kCells * done / total;
  return fmt::format("[{:#<{}}{:.<{}}] {} of {} accounts", "", filled, "", kCells - filled, done, total);
}

}  // namespace

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
        "The denied are revoked until you decide: `countersign account restore ID` lets one in, best with a new key\n"
        "(--public-key FILE), `countersign account delete ID` ends it.");
  }
  return ok();
}

}  // namespace countersign::cli
