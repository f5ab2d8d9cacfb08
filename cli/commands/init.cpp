#include "cli/commands/init.hpp"

#include "cli/store.hpp"

namespace countersign::cli {

Status run_init(const InitOptions& options, CommandContext& context) {
  TRY(check_server_name(options.server));
  Settings settings;
  settings.server = options.server;
  if (options.storage == "directory") settings.storage = StorageKind::directory;
  const std::filesystem::path folder = TRY(context.data_folder());
  const auto fingerprint = TRY(Store::found(folder, settings));
  context.terminal.answer(Json::object()
                              .set("server", settings.server)
                              .set("fingerprint", fingerprint.upper())
                              .set("data", folder.string()));
  context.terminal.say(
      "Tell your users the fingerprint; their clients trust the server by it:\n  countersign server trust " +
      settings.server + " " + fingerprint.upper());
  return ok();
}

}  // namespace countersign::cli
