// Makes a data folder: the storage, the secrets, the server's key and countersign.toml.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "auth/client/gpgme_user_keys.hpp"
#include "cli/commands/init_questions.hpp"
#include "cli/known_servers_file.hpp"
#include "cli/setting_values.hpp"
#include "cli/store.hpp"
#include "storage/base/shell.hpp"

namespace countersign::cli::commands {
namespace {

struct InitOptions {
  std::string server;   // the server's name; empty: it is asked for
  std::string storage;  // "sqlite" or "directory"; empty: sqlite
  // The fingerprint of a key in the operator's GnuPG home (GNUPGHOME, else ~/.gnupg), perhaps in a token, that signs
  // for the server; it stays there. Empty: a new key, kept among the secrets.
  std::string server_key;

  Arguments arguments() {
    return {
        {"--server", &server, "The server's name, best its URL; asked for at a terminal, with what else is missing"},
        Argument("--storage", &storage, "sqlite (the default) or directory").one_of({"sqlite", "directory"}),
        {"--server-key", &server_key, "The fingerprint of a key in your GnuPG, perhaps in a token, to sign with"},
    };
  }
};

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
  const std::string home = TRY(find_gnupg_home(environment));
  const auto found = TRY(auth::client::GpgmeUserKeys::open_home(home))->certificate(settings.fingerprint);
  if (!found && found.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found, "the GnuPG home " + home + " has no key " + settings.fingerprint.upper() +
                                          "; `gpg --list-secret-keys` lists those that it has, and GNUPGHOME names "
                                          "another home");
  }
  TRY(row->set(settings, home));
  settings.openpgp = OpenPgpEngine::gpgme;  // the other one cannot reach it
  return ok();
}

Status take_server(Settings& settings, const std::string& given, CommandContext& context) {
  if (given.empty() && context.terminal.is_attended()) return ask_for_settings(settings, context);
  if (given.empty()) {
    return fail(ErrorCode::usage,
                "--server is required where nobody can be asked; NAME is best the URL at which users reach the server");
  }
  TRY(check_server_name(given));
  settings.server = given;
  return ok();
}

// What is done with the new folder, in the order in which it is done.
std::string next_steps(const Settings& settings, const std::string& fingerprint, const std::string& data) {
  return fmt::format(
      "Three steps are next. Add somebody by their certificate, whose fingerprint you compared:\n"
      "  countersign account add NAME --public-key FILE{0}\n"
      "Serve, at {1}:\n"
      "  countersign serve{2}{0}\n"
      "Tell your users the fingerprint; their clients trust the server by it:\n"
      "  countersign server trust {3} {4}",
      data, settings.listen.text(), settings.listen.loopback ? "" : " --insecure-http",
      quoted_for_shell(settings.server), fingerprint);
}

Status run_init(const InitOptions& options, CommandContext& context) {
  Settings settings;
  TRY(take_server(settings, options.server, context));
  if (options.storage == "directory") settings.storage = StorageKind::directory;
  if (!options.server_key.empty()) TRY(name_server_key(settings, options.server_key, context.environment));
  const std::filesystem::path folder = TRY(context.data_folder());
  const auto fingerprint = TRY(Store::found(folder, settings));
  context.terminal.answer(Json::object()
                              .set("server", settings.server)
                              .set("fingerprint", fingerprint.upper())
                              .set("data", folder.string()));
  if (context.terminal.is_attended()) {
    const auto usual = find_data_folder("", context.environment);
    const bool is_usual = usual && *usual == folder;
    context.terminal.say(
        next_steps(settings, fingerprint.upper(), is_usual ? "" : " --data " + quoted_for_shell(folder.string())));
    return ok();
  }
  context.terminal.say(
      "Tell your users the fingerprint; their clients trust the server by it:\n  countersign server trust " +
      settings.server + " " + fingerprint.upper());
  return ok();
}

}  // namespace

Command init_command() {
  return command("init", "Make a data folder: storage, secrets, the server's key, settings",
                 "countersign init --server https://auth.example.org", run_init);
}

}  // namespace countersign::cli::commands
