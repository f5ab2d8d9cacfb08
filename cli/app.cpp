#include "cli/app.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/base/log.hpp"
#include "cli/command_context.hpp"
#include "cli/command_tree.hpp"
#include "cli/commands/account.hpp"
#include "cli/commands/audit.hpp"
#include "cli/commands/challenge.hpp"
#include "cli/commands/clock.hpp"
#include "cli/commands/courier.hpp"
#include "cli/commands/courier_open.hpp"
#include "cli/commands/courier_sign.hpp"
#include "cli/commands/init.hpp"
#include "cli/commands/login.hpp"
#include "cli/commands/password.hpp"
#include "cli/commands/redeem.hpp"
#include "cli/commands/respond.hpp"
#include "cli/commands/serve.hpp"
#include "cli/commands/server.hpp"
#include "cli/commands/server_key.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/version.hpp"
#include "cli/suggestion.hpp"

namespace countersign::cli {
namespace {

constexpr const char* kReasonsText =
    "For revoke: key_compromised, key_superseded, key_retired, no_longer_valid or unspecified";
constexpr const char* kShowKeyId = "Name the key in challenges, for programs that cannot try their keys";

CLI::Validator from_one_on() {
  return CLI::Validator(
      [](std::string& text) {
        std::int64_t number = 0;
        const bool fits = CLI::detail::lexical_cast(text, number) && number > 0;
        return fits ? std::string() : "it is a whole number from 1 on, not " + text;
      },
      "");
}

// Options that say which server the user means.
template <class Options>
void add_expected_server(CLI::App& app, Options& options) {
  CLI::Option* name = app.add_option("--server", options.server, "The server's name; else a known one (server list)");
  CLI::Option* key = app.add_option("--server-key", options.server_key, "The fingerprint of the server's key");
  key->needs(name);
}

// Options that say what a challenge is for.
void add_purpose(CLI::App& app, ChallengePurpose& purpose, const std::vector<std::string>& purposes) {
  app.add_option("--purpose", purpose.purpose, "login (the default), or one of the others")
      ->check(CLI::IsMember(purposes));
  app.add_option("--reason", purpose.reason, kReasonsText);
  app.add_option("--new-public-key", purpose.new_public_key, "For rotate: the file with the next certificate");
}

void add_server_side(Tree& tree) {
  command<InitOptions>(tree, tree.app, "init", "Make a data folder: storage, secrets, the server's key, settings",
                       "countersign init --server https://auth.example.org", run_init,
                       [](CLI::App& app, InitOptions& options) {
                         app.add_option("--server", options.server, "The server's name, best its URL")->required();
                         app.add_option("--storage", options.storage, "sqlite (the default) or directory")
                             ->check(CLI::IsMember({"sqlite", "directory"}));
                         app.add_option("--server-key", options.server_key,
                                        "The fingerprint of a key in your GnuPG, perhaps in a token, to sign with");
                       });
  command<ServeOptions>(tree, tree.app, "serve", "Run the HTTP server", "countersign serve --listen 127.0.0.1:8420",
                        run_serve, [](CLI::App& app, ServeOptions& options) {
                          const auto setting = [&](const char* flag, const char* key, const char* what) {
                            app.add_option_function<std::string>(
                                flag,
                                [&options, key](const std::string& value) {
                                  options.overrides.push_back({key, value});
                                },
                                what);
                          };
                          setting("--listen", "listen", "HOST:PORT");
                          setting("--openpgp", "openpgp", "The OpenPGP engine: rnp, gpgme or both");
                          setting("--rate-limit", "rate_limit", "on or off");
                          app.add_option_function<std::vector<std::string>>(
                                 "--trusted-proxy",
                                 [&options](const std::vector<std::string>& values) {
                                   options.overrides.push_back({"trusted_proxies", CLI::detail::join(values, ",")});
                                 },
                                 "A network whose X-Forwarded-For counts; may be given again")
                              ->take_all();
                          app.add_flag("--insecure-http", options.insecure_http,
                                       "Plain HTTP on an address that others can reach");
                        });
  command<ChallengeOptions>(
      tree, tree.app, "challenge", "Issue a challenge by hand, on stdout",
      "countersign challenge alice > alice.challenge.asc", run_challenge, [](CLI::App& app, ChallengeOptions& options) {
        app.add_option("USER", options.user, "A username or an account id")->required();
        add_purpose(app, options.purpose, {"login", "enrol", "rotate", "revoke"});
        app.add_option("--public-key", options.purpose.public_key, "For enrol: the file with the certificate");
      });
  command<RedeemOptions>(tree, tree.app, "redeem", "Take a response by hand", "countersign redeem alice.response.asc",
                         run_redeem, [](CLI::App& app, RedeemOptions& options) {
                           app.add_option("FILE", options.file, "The response; else stdin");
                           app.add_option("--public-key", options.public_key,
                                          "For enrol: the file with the certificate, where the response has none");
                         });
}

void add_account(Tree& tree, CLI::App& account) {
  command<AccountAddOptions>(
      tree, account, "add", "Add an account with the owner's public key, or with a key made here",
      "countersign account add alice --public-key alice.asc", run_account_add,
      [](CLI::App& app, AccountAddOptions& options) {
        app.add_option("USER", options.user, "The username")->required();
        CLI::Option* key = app.add_option("--public-key", options.public_key, "A file; - is stdin");
        add_managed(app, options, key);
        app.add_flag("--show-key-id", options.show_key_id, kShowKeyId);
        app.add_option("--password-file", options.password_file,
                       "A file with a password to begin with; - is stdin; for --managed "
                       "else asked for");
      });
  command<AccountListOptions>(
      tree, account, "list", "List the accounts", "countersign account list", run_account_list,
      [](CLI::App& app, AccountListOptions& options) {
        app.add_option("--after", options.after, "Go on after this account id");
        app.add_option("--limit", options.limit, "At most so many; else all")->check(from_one_on());
      });
  command<AccountShowOptions>(tree, account, "show", "Show one account", "countersign account show alice",
                              run_account_show, [](CLI::App& app, AccountShowOptions& options) {
                                app.add_option("USER", options.user, "A username or an account id")->required();
                              });
  command<AccountConfirmOptions>(
      tree, account, "confirm", "Confirm an enrolment that a courier brought, by its full fingerprint",
      "countersign account confirm 7E83D657744F8AD2656B40035C27A52981F1F86B --user alice", run_account_confirm,
      [](CLI::App& app, AccountConfirmOptions& options) {
        app.add_option("FINGERPRINT", options.fingerprint, "Learned by other means than the stick")->required();
        app.add_option("--user", options.user, "The username")->required();
        app.add_flag("--show-key-id", options.show_key_id, kShowKeyId);
      });
}

void add_password(Tree& tree) {
  CLI::App& password = group(tree, "password", "Passwords: set, remove");
  command<PasswordSetOptions>(
      tree, password, "set", "Set an account's password; its sessions and open challenges end",
      "countersign password set alice", run_password_set, [](CLI::App& app, PasswordSetOptions& options) {
        app.add_option("USER", options.user, "A username or an account id")->required();
        app.add_option("--password-file", options.password_file, "A file; - is stdin; else asked for");
      });
  command<PasswordRemoveOptions>(
      tree, password, "remove", "Remove an account's password; its sessions and open challenges end",
      "countersign password remove alice", run_password_remove, [](CLI::App& app, PasswordRemoveOptions& options) {
        app.add_option("USER", options.user, "A username or an account id")->required();
      });
}

void add_session(Tree& tree) {
  CLI::App& session = group(tree, "session", "Sessions: list, show, end");
  command<SessionListOptions>(tree, session, "list", "List an account's sessions", "countersign session list alice",
                              run_session_list, [](CLI::App& app, SessionListOptions& options) {
                                app.add_option("USER", options.user, "A username or an account id")->required();
                              });
  command<SessionShowOptions>(tree, session, "show", "Show one session", "countersign session show alice SESSION",
                              run_session_show, [](CLI::App& app, SessionShowOptions& options) {
                                app.add_option("USER", options.user, "A username or an account id")->required();
                                app.add_option("SESSION", options.session, "Its id, as listed")->required();
                              });
  command<SessionEndOptions>(
      tree, session, "end", "End one session, or all of an account", "countersign session end alice --all",
      run_session_end, [](CLI::App& app, SessionEndOptions& options) {
        app.add_option("USER", options.user, "A username or an account id")->required();
        CLI::Option* one = app.add_option("SESSION", options.session, "Its id, as listed");
        app.add_flag("--all", options.all, "Every session, and every open challenge")->excludes(one);
      });
}

void add_courier(Tree& tree) {
  CLI::App& courier = group(tree, "courier", "Files on a stick: export, import, sign, open");
  command<CourierExportOptions>(tree, courier, "export", "Write challenges to a stick (server)",
                                "countersign courier export alice bob --to /media/stick", run_courier_export,
                                [](CLI::App& app, CourierExportOptions& options) {
                                  app.add_option("USER", options.users, "Usernames or account ids")->required();
                                  app.add_option("--to", options.to, "The stick's folder")->required();
                                  add_purpose(app, options.purpose, {"login", "rotate", "revoke"});
                                });
  command<CourierImportOptions>(tree, courier, "import", "Take the responses from a stick (server)",
                                "countersign courier import /media/stick", run_courier_import,
                                [](CLI::App& app, CourierImportOptions& options) {
                                  app.add_option("DIR", options.folder, "The stick's folder")->required();
                                });
  command<CourierSignOptions>(
      tree, courier, "sign", "Answer the challenges on a stick that are for one's own key",
      "countersign courier sign /media/stick", run_courier_sign, [](CLI::App& app, CourierSignOptions& options) {
        app.add_option("DIR", options.folder, "The stick's folder")->required();
        app.add_option("--purpose", options.purpose, "What one means to sign (login)");
        app.add_option("--new-key", options.new_key, "For rotate: the fingerprint of one's next key");
        add_expected_server(app, options);
      });
  command<CourierOpenOptions>(
      tree, courier, "open", "Open the session grants that are for one's own key, and print their tokens",
      "countersign courier open /media/stick", run_courier_open, [](CLI::App& app, CourierOpenOptions& options) {
        app.add_option("PATH", options.path, "A grant, or the stick's folder; else stdin");
        add_expected_server(app, options);
      });
}

void add_client_side(Tree& tree) {
  command<RespondOptions>(
      tree, tree.app, "respond", "Check a challenge, show its statement, sign it with one's own GnuPG",
      "countersign respond < challenge.asc > response.asc", run_respond, [](CLI::App& app, RespondOptions& options) {
        app.add_option("FILE", options.file, "The challenge message; else stdin");
        app.add_option("--purpose", options.purpose, "What one means to sign: login (the default), enrol, rotate, ...");
        app.add_option("--new-key", options.new_key, "For rotate: the fingerprint of one's next key");
        add_expected_server(app, options);
      });
  command<LoginOptions>(tree, tree.app, "login", "Log in to a server; prints the token once",
                        "countersign login https://auth.example.org --user alice", run_login,
                        [](CLI::App& app, LoginOptions& options) {
                          app.add_option("URL", options.url, "Where the server answers")->required();
                          app.add_option("--user", options.user, "A username or an account id")->required();
                          app.add_flag("--insecure-http", options.insecure_http,
                                       "Plain HTTP, though others can read the token on the way");
                          add_expected_server(app, options);
                        });
  CLI::App& server = group(tree, "server", "The servers one knows: list, trust, forget");
  command<ServerListOptions>(tree, server, "list", "List the known servers", "countersign server list", run_server_list,
                             [](CLI::App&, ServerListOptions&) {});
  command<ServerTrustOptions>(
      tree, server, "trust", "Know a server by a fingerprint that was learned from someone one trusts",
      "countersign server trust https://auth.example.org 102D44058634D44D92867BC1950DD5666EB335D4", run_server_trust,
      [](CLI::App& app, ServerTrustOptions& options) {
        app.add_option("NAME", options.name, "The server's name")->required();
        app.add_option("FINGERPRINT", options.fingerprint, "Of its key, 40 hex digits")->required();
        app.add_option("--url", options.url, "Where it answers, if its name is not its URL");
      });
  command<ServerForgetOptions>(tree, server, "forget", "Forget a server", "countersign server forget NAME",
                               run_server_forget, [](CLI::App& app, ServerForgetOptions& options) {
                                 app.add_option("NAME", options.name, "The server's name")->required();
                               });
}

void add_server_key(Tree& tree) {
  CLI::App& key = group(tree, "server-key", "The server's own key: show, extend, refresh, replace");
  command<ServerKeyShowOptions>(tree, key, "show", "Show the key, when it ends, and where its secret lives",
                                "countersign server-key show", run_server_key_show,
                                [](CLI::App&, ServerKeyShowOptions&) {});
  command<ServerKeyExtendOptions>(
      tree, key, "extend", "Let the key and its subkeys end later; its fingerprint stays",
      "countersign server-key extend --for 2y", run_server_key_extend,
      [](CLI::App& app, ServerKeyExtendOptions& options) {
        CLI::Option* lifetime = app.add_option("--for", options.lifetime, "From now: 90d, 26w, 2y");
        CLI::Option* until = app.add_option("--until", options.until, "A date: 2028-11-21")->excludes(lifetime);
        app.add_flag("--never", options.never, "It never ends")->excludes(lifetime)->excludes(until);
      });
  command<ServerKeyRefreshOptions>(tree, key, "refresh", "Take over what GnuPG made of a key in a GnuPG home",
                                   "countersign server-key refresh", run_server_key_refresh,
                                   [](CLI::App&, ServerKeyRefreshOptions&) {});
  command<ServerKeyReplaceOptions>(
      tree, key, "replace", "Make a new key, which the present one signs for", "countersign server-key replace",
      run_server_key_replace, [](CLI::App& app, ServerKeyReplaceOptions& options) {
        CLI::Option* overlap =
            app.add_option("--overlap", options.overlap, "How long clients are led to it (90d), a year at most");
        app.add_flag("--without-succession", options.without_succession,
                     "Nobody is led to it: the present key is lost or in other hands")
            ->excludes(overlap);
        app.add_flag("--yes", options.yes, "Do not ask");
      });
}

void add_upkeep(Tree& tree) {
  CLI::App& audit = group(tree, "audit", "The record of every decision: list, verify");
  command<AuditListOptions>(tree, audit, "list", "List decisions", "countersign audit list --limit 20", run_audit_list,
                            [](CLI::App& app, AuditListOptions& options) {
                              app.add_option("--writer", options.writer, "Of this writer only");
                              app.add_option("--limit", options.limit, "The newest so many of each writer (100)")
                                  ->check(CLI::Range(1, 10000));
                            });
  command<AuditVerifyOptions>(tree, audit, "verify", "Check that no decision was changed or taken out",
                              "countersign audit verify", run_audit_verify, [](CLI::App&, AuditVerifyOptions&) {});
  CLI::App& clock = group(tree, "clock", "The clock: accept");
  command<ClockAcceptOptions>(
      tree, clock, "accept", "Accept this machine's clock after it ran ahead", "countersign clock accept --yes",
      run_clock_accept,
      [](CLI::App& app, ClockAcceptOptions& options) { app.add_flag("--yes", options.yes, "Do not ask"); });
  command<VersionOptions>(tree, tree.app, "version", "Print the version", "countersign version", run_version,
                          [](CLI::App&, VersionOptions&) {});
}

void build(Tree& tree) {
  tree.app.require_subcommand(1);
  tree.app.fallthrough();  // the global options are taken after the command as well
  tree.app.footer("`countersign COMMAND --help` explains one.");
  tree.app.set_version_flag("--version", "countersign " COUNTERSIGN_VERSION);
  tree.app.add_option("--data", tree.data, "The data folder; else COUNTERSIGN_DATA, else the XDG state folder");
  tree.app.add_flag("--json", tree.json, "Answers as JSON");
  add_server_side(tree);
  CLI::App& account = group(tree, "account", "Accounts: add, import-legacy, list, show, confirm, key, restore, delete");
  add_account(tree, account);
  add_keys(tree, account);
  add_password(tree);
  add_session(tree);
  add_courier(tree);
  add_client_side(tree);
  add_server_key(tree);
  add_backup(tree);
  add_secret(tree);
  add_upkeep(tree);
}

std::vector<std::string> names_of(CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) names.push_back(sub->get_name());
  return names;
}

// CLI11 says of a mistyped command only that it was not expected, or that one is required.
std::optional<std::string> unknown_command(Tree& tree, const std::vector<std::string>& arguments) {
  CLI::App* app = &tree.app;
  std::string path = "countersign";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--data") ++i;
    if (word.empty() || word.front() == '-') continue;
    const std::vector<std::string> names = names_of(*app);
    if (names.empty()) return std::nullopt;
    if (std::find(names.begin(), names.end(), word) == names.end()) {
      const auto meant = suggest(word, names);
      return fmt::format("`{}` has no command \"{}\"{}", path, word,
                         meant ? fmt::format("; did you mean `{} {}`?", path, *meant) : std::string{});
    }
    app = app->get_subcommand(word);
    path += " " + word;
  }
  if (names_of(*app).empty()) return std::nullopt;
  return fmt::format("`{}` needs a command: {}", path, CLI::detail::join(names_of(*app), ", "));
}

// `countersign help session list` is `countersign session list --help`.
std::vector<std::string> with_help_last(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments.front() != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
  return arguments;
}

ExitCode report(Terminal& terminal, const Error& error) {
  terminal.error(error);
  const Status finished = terminal.finish();
  static_cast<void>(finished);  // the exit code already says that it failed
  return exit_code_of(error.code);
}

}  // namespace

ExitCode run_app(const std::vector<std::string>& given, Terminal& terminal, const Environment& environment) {
  const std::vector<std::string> arguments = with_help_last(given);
  // Known before the arguments are, so that their own errors are answered in the form that was asked for.
  terminal.answer_in_json(std::find(arguments.begin(), arguments.end(), "--json") != arguments.end());
  Tree tree;
  build(tree);
  try {
    tree.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    terminal.data(tree.app.help());
  } catch (const CLI::CallForVersion& version) {
    terminal.data(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return report(terminal, Error{ErrorCode::usage, unknown_command(tree, arguments).value_or(error.what())});
  }
  terminal.answer_in_json(tree.json);
  if (tree.action) {
    // A command speaks for itself; what is wrong besides is said all the same.
    auth::log_to_stderr(auth::LogLevel::alarm);
    CommandContext context{terminal, environment, tree.data};
    const Status status = tree.action(context);
    if (!status) return report(terminal, status.error());
  }
  const Status finished = terminal.finish();
  return finished ? ExitCode::ok : report(terminal, finished.error());
}

}  // namespace countersign::cli
