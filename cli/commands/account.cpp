#include "cli/commands/account.hpp"

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"
#include "cli/key_out.hpp"
#include "cli/known_servers_file.hpp"
#include "cli/local_carrier.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {

namespace {

Status add_managed(const AccountAddOptions& options, CommandContext& context) {
  KeyOut out = TRY(KeyOut::open(options.key_out, "the account is there: `countersign rotate " + options.user +
                                                     " --managed` makes another key, `countersign account delete " +
                                                     options.user + "` takes the account away"));
  const Secret password = TRY(read_password(options.password_file, "Password of " + options.user, context.terminal));
  Json fields = Json::object().set("username", options.user).set("managed", true);
  if (options.escrow) fields.set("escrow", true);
  if (options.show_key_id) fields.set("show_key_id", true);
  fields.set("password", password.reveal_text());
  return out.hand_over(context, TRY(ask_local(context, "account.add", std::move(fields), "")));
}

}  // namespace

Status run_account_add(const AccountAddOptions& options, CommandContext& context) {
  if (options.managed) return add_managed(options, context);
  if (options.public_key.empty()) {
    return fail(ErrorCode::usage, "pass the owner's public key with --public-key, or --managed to have a key made");
  }
  Json fields = Json::object().set("username", options.user);
  fields.set("public_key", TRY(read_certificate(options.public_key, auth::openpgp::gate::kCertificateLocalReadBytesMax,
                                                context.terminal)));
  if (options.show_key_id) fields.set("show_key_id", true);
  if (!options.password_file.empty()) {
    if (options.password_file == "-" && options.public_key == "-") {
      return fail(ErrorCode::usage, "only one of --public-key and --password-file can be stdin");
    }
    const Secret password = TRY(read_password(options.password_file, "", context.terminal));
    fields.set("password", password.reveal_text());
  }
  return run_local(context, "account.add", std::move(fields));
}

Status run_account_list(const AccountListOptions& options, CommandContext& context) {
  return run_local(context, "account.list", Json::object().set("after", options.after).set("limit", options.limit));
}

Status run_account_show(const AccountShowOptions& options, CommandContext& context) {
  return run_local(context, "account.show", name_account(Json::object(), options.user));
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
  return run_local(context, "account.restore", std::move(fields));
}

Status run_account_delete(const AccountDeleteOptions& options, CommandContext& context) {
  if (!options.yes) {
    TRY(context.terminal.confirm("Delete the account " + escape_for_display(options.user) + " for good?", "--yes"));
  }
  return run_local(context, "account.delete", name_account(Json::object(), options.user));
}

}  // namespace countersign::cli
