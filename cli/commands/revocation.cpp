// The list of revocations as a signed file.
#include "cli/commands/all.hpp"

#include "cli/data_folder.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"
#include "cli/new_file.hpp"

namespace countersign::cli::commands {
namespace {

struct RevocationExportOptions {
  std::string file;  // "-" is stdout

  Arguments arguments() {
    return {
        Argument("FILE", &file, "Where to; - is stdout").required(),
    };
  }
};

struct RevocationApplyOptions {
  std::string file;  // "-" is stdin

  Arguments arguments() {
    return {
        Argument("FILE", &file, "The list; - is stdin").required(),
    };
  }
};

constexpr std::size_t kExportBytesMax = 64u << 20;

Result<Json> ask_export(CommandContext& context) {
  return ask_local(context, "revocation.export", Json::object(), "");
}

Status export_to_stdout(CommandContext& context) {
  const Json answer = TRY(ask_export(context));
  if (context.terminal.json()) {
    context.terminal.answer(answer);
  } else {
    context.terminal.data(*answer.find("export")->string());
  }
  return ok();
}

Status run_revocation_export(const RevocationExportOptions& options, CommandContext& context) {
  if (options.file == "-") return export_to_stdout(context);
  TRY(check_outside(TRY(context.data_folder()), options.file));
  storage::NewFile file = TRY(begin_output(options.file));
  const Json answer = TRY(ask_export(context));
  TRY(file.add(as_bytes(*answer.find("export")->string())));
  TRY(file.finish());
  context.terminal.answer(Json::object().set("file", options.file));
  return ok();
}

Status run_revocation_apply(const RevocationApplyOptions& options, CommandContext& context) {
  std::string text = TRY(read_input(options.file, kExportBytesMax, context.terminal));
  const Settings settings = TRY(context.settings());
  const auto store =
      TRY(Store::open(TRY(context.data_folder()), settings, kCommandWriter, OpenedFor::applying_revocations));
  context.terminal.answer(
      TRY(about_input(options.file, ask_store(*store, "revocation.apply", Json::object(), std::move(text)))));
  return ok();
}

}  // namespace

Command revocation_command() {
  return group("revocation", "The list of revocations",
               {
                   command("export", "Write the signed list, to be kept elsewhere",
                           "countersign revocation export /media/safe/revocations.asc", run_revocation_export),
                   command("apply", "Apply a list to a store that is older than it",
                           "countersign revocation apply /media/safe/revocations.asc", run_revocation_apply),
               });
}

}  // namespace countersign::cli::commands
