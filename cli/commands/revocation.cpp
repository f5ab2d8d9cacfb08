#include "cli/commands/revocation.hpp"

#include <filesystem>

#include "auth/secrets/private_file.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"

namespace countersign::cli {
namespace {

constexpr std::size_t kExportBytesMax = 64u << 20;

}  // namespace

Status run_revocation_export(const RevocationExportOptions& options, CommandContext& context) {
  const Json answer = TRY(ask_local(context, "revocation.export", Json::object(), ""));
  const std::string& text = *answer.find("export")->string();
  if (options.file == "-") {
    if (context.terminal.json()) {
      context.terminal.answer(answer);
    } else {
      context.terminal.data(text);
    }
    return ok();
  }
  // Whole or not at all, and on the disk before anyone is told.
  TRY(auth::write_private_file(std::filesystem::absolute(options.file), as_bytes(text)));
  context.terminal.answer(Json::object().set("file", options.file));
  return ok();
}

Status run_revocation_apply(const RevocationApplyOptions& options, CommandContext& context) {
  std::string text = TRY(read_input(options.file, kExportBytesMax, context.terminal));
  const Settings settings = TRY(context.settings());
  const auto store =
      TRY(Store::open(TRY(context.data_folder()), settings, kCommandWriter, OpenedFor::applying_revocations));
  context.terminal.answer(TRY(ask_store(*store, "revocation.apply", Json::object(), std::move(text))));
  return ok();
}

}  // namespace countersign::cli
