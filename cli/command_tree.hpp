// The tree of commands while it is being built: the files that declare them include CLI11 by this one, and no others
// do, since it takes seconds to compile.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "cli/command_context.hpp"

namespace countersign::cli {

using Action = std::function<Status(CommandContext&)>;

// The tree while it is being built, and what the arguments chose from it.
struct Tree {
  CLI::App app{"An OpenPGP challenge-response authentication server, and its clients.", "countersign"};
  Action action;
  std::string data;
  bool json = false;
};

// A command with its own option struct: `declare` binds the struct's members to options.
template <class Options, class Declare>
void command(Tree& tree, CLI::App& parent, const char* name, const char* what, const char* example,
             Status (*run)(const Options&, CommandContext&), Declare declare) {
  CLI::App* sub = parent.add_subcommand(name, what);
  sub->footer(fmt::format("Example:\n  {}\n\nOf every command: --data DIR, --json, --help", example));
  const auto options = std::make_shared<Options>();
  declare(*sub, *options);
  sub->callback([&tree, options, run] {
    tree.action = [options, run](CommandContext& context) { return run(*options, context); };
  });
}

inline CLI::App& group(Tree& tree, const char* name, const char* what) {
  CLI::App* sub = tree.app.add_subcommand(name, what);
  sub->require_subcommand(1);
  sub->footer(fmt::format("`countersign {} COMMAND --help` explains one.", name));
  return *sub;
}

// Of a command that may make a key: instead of --public-key, which is one of `app` already.
template <class Options>
void add_managed(CLI::App& app, Options& options, CLI::Option* public_key) {
  CLI::Option* managed =
      app.add_flag("--managed", options.managed, "Make the key here, protected by the password, and hand it over")
          ->excludes(public_key);
  app.add_flag("--escrow", options.escrow, "Keep the protected secret key here too: weaker, see docs/operating/keys.md")
      ->needs(managed);
  app.add_option("--key-out", options.key_out, "Where the secret key goes: a new file; - is stdout, as is none")
      ->needs(managed);
}

// command_tree_keys.cpp: rotate, revoke, revocation, and what `account` does about keys.
void add_keys(Tree& tree, CLI::App& account);
// command_tree_backup.cpp: backup, restore.
void add_backup(Tree& tree);
// command_tree_secrets.cpp: secret.
void add_secret(Tree& tree);

}  // namespace countersign::cli
