#include "cli/command_tree.hpp"
#include "cli/commands/account.hpp"
#include "cli/commands/account_import.hpp"
#include "cli/commands/revocation.hpp"
#include "cli/commands/revoke.hpp"
#include "cli/commands/rotate.hpp"

namespace countersign::cli {
namespace {

void add_import(Tree& tree, CLI::App& account) {
  command<AccountImportOptions>(
      tree, account, "import-legacy", "Take over the accounts of go-crypt/auth; nothing in its folder is changed",
      "countersign account import-legacy /var/lib/go-auth --dry-run", run_account_import,
      [](CLI::App& app, AccountImportOptions& options) {
        app.add_option("DIR", options.folder, "The folder that holds `users`")->required();
        app.add_flag("--skip-strays", options.skip_strays,
                     "Leave links and other files that are no account's out, and report them");
        app.add_flag("--dry-run", options.dry_run, "Say what would be done, and change nothing");
      });
}

void add_account_keys(Tree& tree, CLI::App& account) {
  command<AccountKeyOptions>(tree, account, "key", "Give out an escrowed key, as its owner's password protects it",
                             "countersign account key alice --key-out alice.key", run_account_key,
                             [](CLI::App& app, AccountKeyOptions& options) {
                               app.add_option("USER", options.user, "A username or an account id")->required();
                               app.add_option("--key-out", options.key_out, "A new file; - is stdout, as is none");
                             });
  command<AccountRestoreOptions>(tree, account, "restore", "Take a revocation back, best with a new key",
                                 "countersign account restore alice --public-key alice-new.asc", run_account_restore,
                                 [](CLI::App& app, AccountRestoreOptions& options) {
                                   app.add_option("USER", options.user, "A username or an account id")->required();
                                   app.add_option("--public-key", options.public_key,
                                                  "The account's new key: a file; - is stdin");
                                   app.add_flag("--yes", options.yes, "Do not ask");
                                 });
  command<AccountDeleteOptions>(tree, account, "delete", "Delete an account; its name is free again",
                                "countersign account delete alice", run_account_delete,
                                [](CLI::App& app, AccountDeleteOptions& options) {
                                  app.add_option("USER", options.user, "A username or an account id")->required();
                                  app.add_flag("--yes", options.yes, "Do not ask");
                                });
}

}  // namespace

void add_keys(Tree& tree, CLI::App& account) {
  add_import(tree, account);
  add_account_keys(tree, account);
  command<RotateOptions>(
      tree, tree.app, "rotate", "Give an account another key; every session of it ends",
      "countersign rotate alice --public-key alice-new.asc", run_rotate, [](CLI::App& app, RotateOptions& options) {
        app.add_option("USER", options.user, "A username or an account id")->required();
        CLI::Option* key = app.add_option("--public-key", options.public_key, "The new key: a file; - is stdin");
        add_managed(app, options, key);
        app.add_option("--password-file", options.password_file,
                       "For --managed: a file with the new password; - is stdin; else asked for");
      });
  command<RevokeOptions>(tree, tree.app, "revoke", "Revoke an account's key; every session of it ends",
                         "countersign revoke alice --reason key_compromised --note 'laptop stolen'", run_revoke,
                         [](CLI::App& app, RevokeOptions& options) {
                           app.add_option("USER", options.user, "A username or an account id")->required();
                           CLI::Option* reason = app.add_option(
                               "--reason", options.reason,
                               "key_compromised, key_superseded, key_retired, no_longer_valid or unspecified");
                           app.add_option("--note", options.note, "A few words, 256 bytes at most")->needs(reason);
                           app.add_option("--certificate", options.certificate,
                                          "The key's own OpenPGP revocation certificate: a file; - is stdin")
                               ->excludes(reason);
                         });
  CLI::App& revocation = group(tree, "revocation", "The list of revocations: export, apply");
  command<RevocationExportOptions>(tree, revocation, "export", "Write the signed list, to be kept elsewhere",
                                   "countersign revocation export /media/safe/revocations.asc", run_revocation_export,
                                   [](CLI::App& app, RevocationExportOptions& options) {
                                     app.add_option("FILE", options.file, "Where to; - is stdout")->required();
                                   });
  command<RevocationApplyOptions>(tree, revocation, "apply", "Apply a list to a store that is older than it",
                                  "countersign revocation apply /media/safe/revocations.asc", run_revocation_apply,
                                  [](CLI::App& app, RevocationApplyOptions& options) {
                                    app.add_option("FILE", options.file, "The list; - is stdin")->required();
                                  });
}

}  // namespace countersign::cli
