#include "cli/command_tree.hpp"
#include "cli/commands/secret.hpp"

namespace countersign::cli {

void add_secret(Tree& tree) {
  CLI::App& secret = group(tree, "secret", "The server's secrets: list, rotate, reseal, retire");
  command<SecretListOptions>(tree, secret, "list", "List the keys, what each is for and what still needs it",
                             "countersign secret list", run_secret_list, [](CLI::App&, SecretListOptions&) {});
  command<SecretRotateOptions>(
      tree, secret, "rotate", "Make a new key that takes over by itself", "countersign secret rotate seal --after 24h",
      run_secret_rotate, [](CLI::App& app, SecretRotateOptions& options) {
        app.add_option("FAMILY", options.family, "seal (challenges) or record (records, peppers)")->required();
        app.add_option("--after", options.after,
                       "When it takes over (5m); with several hosts, time to copy it: 24h, 30d at most");
      });
  command<SecretResealOptions>(tree, secret, "reseal", "Seal every record anew under the record key in use",
                               "countersign secret reseal", run_secret_reseal, [](CLI::App&, SecretResealOptions&) {});
  command<SecretRetireOptions>(
      tree, secret, "retire", "Destroy a key that nothing needs any more", "countersign secret retire 0123456789abcdef",
      run_secret_retire, [](CLI::App& app, SecretRetireOptions& options) {
        app.add_option("ID", options.id, "Its id, as listed")->required();
        app.add_flag("--leaked", options.leaked,
                     "In other hands: a coming key at once, a seal key whatever is open under it");
        app.add_flag("--yes", options.yes, "Do not ask");
      });
}

}  // namespace countersign::cli
