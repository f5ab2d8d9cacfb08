#include "cli/command_tree.hpp"
#include "cli/commands/backup.hpp"

namespace countersign::cli {

void add_backup(Tree& tree) {
  command<BackupOptions>(
      tree, tree.app, "backup", "Write the store to a file, beside a running server; never the secrets",
      "countersign backup /media/safe/store.backup", run_backup, [](CLI::App& app, BackupOptions& options) {
        app.add_option("FILE", options.file, "Where to; - is stdout")->required();
      });
  command<RestoreOptions>(
      tree, tree.app, "restore", "Put a backup back; every session and open challenge ends",
      "countersign restore /media/safe/store.backup --replace", run_restore,
      [](CLI::App& app, RestoreOptions& options) {
        app.add_option("FILE", options.file, "The backup; - is stdin");
        app.add_flag("--replace", options.replace, "In the place of the records that the store has");
        app.add_flag("--accept", options.accept, "No backup: use a store that was put back by other means, as it is");
        app.add_flag("--accept-lost-revocations", options.accept_lost_revocations,
                     "The same, and go on without revocations that nobody has a list of");
        app.add_flag("--yes", options.yes, "Do not ask");
      });
}

}  // namespace countersign::cli
