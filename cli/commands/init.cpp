#include "cli/commands/init.hpp"

#include "cli/known_servers_file.hpp"
#include "cli/setting_values.hpp"
#include "cli/store.hpp"

namespace countersign::cli {
namespace {

// Where gpg would look, as a path that does not change with the environment of whoever serves later.
Result<std::string> find_gnupg_home(const Environment& environment) {
  std::filesystem::path home;
  if (const auto given = environment.find("GNUPGHOME")) {
    home = *given;
  } else if (const auto user = environment.find("HOME")) {
    home = std::filesystem::path(*user) / ".gnupg";
  } else {
    return fail(ErrorCode::usage, "where is the GnuPG home with that key? Set GNUPGHOME");
  }
  std::error_code error;
  const auto absolute = std::filesystem::canonical(home, error);
  if (error) return fail(ErrorCode::usage, "the GnuPG home " + home.string() + ": " + error.message());
  return absolute.string();
}

Status name_server_key(Settings& settings, const std::string& typed, const Environment& environment) {
  settings.fingerprint = TRY(parse_typed_fingerprint(typed));
  const SettingRow* const row = find_setting("server_key_home");
  TRY(row->set(settings, TRY(find_gnupg_home(environment))));
  settings.openpgp = OpenPgpEngine::gpgme;  // the other one cannot reach it
  return ok();
}

}  // namespace

Status run_init(const InitOptions& options, CommandContext& context) {
  TRY(check_server_name(options.server));
  Settings settings;
  settings.server = options.server;
  if (options.storage == "directory") settings.storage = StorageKind::directory;
  if (!options.server_key.empty()) TRY(name_server_key(settings, options.server_key, context.environment));
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
