// Administration of accounts.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/commands/account_batch.hpp"
#include "cli/input.hpp"
#include "cli/key_out.hpp"
#include "cli/known_servers_file.hpp"
#include "cli/local_carrier.hpp"
#include "storage/base/shell.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli::commands {
namespace {

constexpr const char* kShowKeyId = "Name the key in challenges, for programs that cannot try their keys";

struct AccountAddOptions {
  std::string user;
  std::string public_key;  // a file; "-" is stdin
  bool show_key_id = false;
  std::string password_file;  // "-" is stdin; empty: none, or for a managed account asked for
  std::string batch;          // a file; "-" is stdin
  KeyMadeHere key_made_here;

  Arguments arguments() {
    return joined(
        {{"USER", &user, "The username"}, {"--public-key", &public_key, "A file; - is stdin"}},
        key_made_here.arguments(),
        {{"--show-key-id", &show_key_id, kShowKeyId},
         {"--password-file", &password_file,
          "A file with a password to begin with; - is stdin; for --managed else asked for"},
         Argument("--batch", &batch,
                  "Many: a file of JSON lines {username, public_key, groups?, email?, display_name?}; - is stdin")
             .excludes("USER")
             .excludes("--public-key")
             .excludes("--managed")
             .excludes("--show-key-id")
             .excludes("--password-file")});
  }
};

struct AccountListOptions {
  std::string after;  // the account id to go on after
  std::int64_t limit = kListedAtOnce;
  bool all = false;

  Arguments arguments() {
    return {
        {"--all", &all, "Deleted ones too"},
        {"--after", &after, "Go on after this account id"},
        Argument("--limit", &limit, "At most so many (1000), by name; more go by account id").at_most(10000),
    };
  }
};

struct AccountShowOptions {
  std::string user;  // username or account id

  Arguments arguments() {
    return {
        user_argument(&user),
    };
  }
};

struct AccountSetOptions {
  std::string user;
  std::optional<std::string> groups;
  std::optional<std::string> email;
  std::optional<std::string> display_name;

  Arguments arguments() {
    return {
        user_argument(&user),
        {"--groups", &groups, "All its groups, with commas between: a,b; \"\" for none"},
        {"--email", &email, "Where mail reaches its owner; \"\" for nowhere"},
        {"--name", &display_name, "What its owner is called; \"\" for nothing"},
    };
  }
};

struct AccountConfirmOptions {
  std::string fingerprint;
  std::string user;
  bool show_key_id = false;

  Arguments arguments() {
    return {
        Argument("FINGERPRINT", &fingerprint, "Learned by other means than the stick").required(),
        Argument("--user", &user, "The username").required(),
        {"--show-key-id", &show_key_id, kShowKeyId},
    };
  }
};

// Gives an escrowed key out, as it was protected.
struct AccountKeyOptions {
  std::string user;
  std::string key_out;

  Arguments arguments() {
    return {
        user_argument(&user),
        {"--key-out", &key_out, "A new file; - is stdout, as is none"},
    };
  }
};

struct AccountRestoreOptions {
  std::string user;
  std::string public_key;  // a file; "-" is stdin; empty: the key that was revoked
  bool yes = false;

  Arguments arguments() {
    return {
        user_argument(&user),
        {"--public-key", &public_key, "The account's new key: a file; - is stdin"},
        yes_argument(&yes),
    };
  }
};

struct AccountDeleteOptions {
  std::string user;
  bool yes = false;

  Arguments arguments() {
    return {
        user_argument(&user),
        yes_argument(&yes),
    };
  }
};

Status add_managed(const AccountAddOptions& options, CommandContext& context) {
  const std::string user = quoted_for_shell(options.user);
  KeyOut out = TRY(
      KeyOut::open(options.key_made_here.key_out, "the account is there: `countersign rotate " + user +
                                                      " --managed` makes another key, `countersign account delete " +
                                                      user + "` takes the account away"));
  const Secret password = TRY(read_password(options.password_file, "Password of " + options.user, context.terminal));
  Json fields = Json::object().set("username", options.user).set("managed", true);
  if (options.key_made_here.escrow) fields.set("escrow", true);
  if (options.show_key_id) fields.set("show_key_id", true);
  fields.set("password", password.reveal_text());
  return out.hand_over(context, TRY(ask_local(context, "account.add", std::move(fields), "")));
}

Status run_account_add(const AccountAddOptions& options, CommandContext& context) {
  if (!options.batch.empty()) return add_accounts(options.batch, context);
  if (options.user.empty()) return fail(ErrorCode::usage, "name the USER, or pass --batch with a file of many");
  if (options.key_made_here.managed) return add_managed(options, context);
  if (options.public_key.empty()) {
    return fail(ErrorCode::usage, "pass the owner's public key with --public-key, or --managed to have a key made");
  }
  if (options.password_file == "-" && options.public_key == "-") {
    return fail(ErrorCode::usage, "only one of --public-key and --password-file can be stdin");
  }
  Json fields = Json::object().set("username", options.user);
  fields.set("public_key", TRY(read_certificate(options.public_key, auth::openpgp::gate::kCertificateLocalReadBytesMax,
                                                context.terminal)));
  if (options.show_key_id) fields.set("show_key_id", true);
  if (!options.password_file.empty()) {
    const Secret password = TRY(read_password(options.password_file, "", context.terminal));
    fields.set("password", password.reveal_text());
  }
  return about_certificate(options.public_key, run_local(context, "account.add", std::move(fields)));
}

// A damaged one is named by its id, in its place in the list: nobody who needs it gets in.
Status judge_listed(const Json& accounts) {
  std::size_t damaged = 0;
  std::string account;
  std::optional<ErrorCode> worst;
  for (const Json& row : *accounts.items()) {
    const auto code = error_code_named(*row.find("state")->string());
    if (!code || *code == ErrorCode::not_found) continue;  // one that was deleted meanwhile
    if (!worst) {
      worst = code;
      account = *row.find("account")->string();
    }
    ++damaged;
  }
  if (!worst) return ok();
  return fail(*worst, fmt::format("{} of the accounts cannot be read, and log nobody in: {}{}; `countersign status "
                                  "--deep` looks for more damage, and `countersign restore` puts a backup back",
                                  damaged, account, damaged > 1 ? " is the first" : ""));
}

Status run_account_list(const AccountListOptions& options, CommandContext& context) {
  Json fields = Json::object().set("after", options.after).set("limit", options.limit).set("all", options.all);
  const Json answer = TRY(ask_local(context, "account.list", std::move(fields), ""));
  const Json& accounts = *answer.find("accounts");
  Json shown = Json::object().set("accounts",
                                  with_first(accounts, {"username", "account", "state", "fingerprint", "created_at"}));
  if (const Json* held = answer.find("held")) shown.set("held", *held);
  if (accounts.items()->empty() && !context.terminal.json()) context.terminal.say("There are no accounts.");
  context.terminal.answer(context.terminal.json() ? answer : shown);
  const Json* next = answer.find("next");
  if (next != nullptr && next->string() != nullptr) {
    context.say_more_follow(options.all ? "account list --all" : "account list", options.limit, *next->string());
  }
  return judge_listed(accounts);
}

Status run_account_show(const AccountShowOptions& options, CommandContext& context) {
  return run_local(context, "account.show", name_account(Json::object(), options.user));
}

Status run_account_set(const AccountSetOptions& options, CommandContext& context) {
  if (!options.groups && !options.email && !options.display_name) {
    return fail(ErrorCode::usage, "say what to set: --groups, --email or --name");
  }
  Json fields = name_account(Json::object(), options.user);
  if (options.groups) {
    Json groups = Json::array();
    if (!options.groups->empty()) {
      for (const std::string_view group : split(*options.groups, ',')) groups.push(trimmed(group));
    }
    fields.set("groups", std::move(groups));
  }
  if (options.email) fields.set("email", *options.email);
  if (options.display_name) fields.set("display_name", *options.display_name);
  return run_local(context, "account.set", std::move(fields));
}

Status run_account_confirm(const AccountConfirmOptions& options, CommandContext& context) {
  const auto fingerprint = TRY(parse_typed_fingerprint(options.fingerprint));
  Json fields = Json::object().set("fingerprint", fingerprint.upper()).set("username", options.user);
  if (options.show_key_id) fields.set("show_key_id", true);
  return run_local(context, "account.confirm", std::move(fields));
}

Status run_account_key(const AccountKeyOptions& options, CommandContext& context) {
  KeyOut out = TRY(KeyOut::open(options.key_out, "it is still in escrow: run the command again"));
  Json answer = TRY(ask_local(context, "account.key", name_account(Json::object(), options.user), ""));
  return out.hand_over(context, std::move(answer));
}

Status run_account_restore(const AccountRestoreOptions& options, CommandContext& context) {
  Json fields = name_account(Json::object(), options.user);
  if (!options.public_key.empty()) {
    fields.set("public_key",
               TRY(read_certificate(options.public_key, auth::openpgp::gate::kCertificateLocalReadBytesMax,
                                    context.terminal)));
  }
  const std::string user = escape_for_display(options.user);
  if (!options.yes) {
    TRY(context.terminal.confirm(
        options.public_key.empty()
            ? "Whoever holds the key that was revoked can log in as " + user + " again. Take the revocation back?"
            : "Take the revocation of " + user + " back, with the new key?",
        "--yes"));
  }
  return about_certificate(options.public_key, run_local(context, "account.restore", std::move(fields)));
}

Status run_account_delete(const AccountDeleteOptions& options, CommandContext& context) {
  if (!options.yes) {
    TRY(context.terminal.confirm("Delete the account " + escape_for_display(options.user) + " for good?", "--yes"));
  }
  return run_local(context, "account.delete", name_account(Json::object(), options.user));
}

}  // namespace

Command account_command() {
  return group("account", "Accounts",
               {
                   command("add", "Add an account with the owner's public key, or with a key made here",
                           "countersign account add alice --public-key alice.asc", run_account_add),
                   account_import_command(),
                   command("list", "List the accounts by name", "countersign account list", run_account_list),
                   command("show", "Show one account, and of a revoked one since when and why",
                           "countersign account show alice", run_account_show),
                   command("set", "Set an account's groups, email address and name, which applications are told",
                           "countersign account set alice --groups staff,ops", run_account_set),
                   command("confirm", "Confirm an enrolment that a courier brought, by its full fingerprint",
                           "countersign account confirm 7E83D657744F8AD2656B40035C27A52981F1F86B --user alice",
                           run_account_confirm),
                   command("key", "Give out an escrowed key, as its owner's password protects it",
                           "countersign account key alice --key-out alice.key", run_account_key),
                   command("restore", "Take a revocation back, best with a new key",
                           "countersign account restore alice --public-key alice-new.asc", run_account_restore),
                   command("delete", "Delete an account; its name is free again", "countersign account delete alice",
                           run_account_delete),
               });
}

}  // namespace countersign::cli::commands
