// Gives an account another key, as its administrator.
#include "cli/commands/all.hpp"

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"
#include "cli/key_out.hpp"
#include "cli/local_carrier.hpp"
#include "storage/base/shell.hpp"

namespace countersign::cli::commands {
namespace {

struct RotateOptions {
  std::string user;           // username or account id
  std::string public_key;     // a file; "-" is stdin
  std::string password_file;  // "-" is stdin; empty: asked for
  KeyMadeHere key_made_here;  // the server sets the password, too

  Arguments arguments() {
    return joined({user_argument(&user), {"--public-key", &public_key, "The new key: a file; - is stdin"}},
                  key_made_here.arguments(),
                  {{"--password-file", &password_file,
                    "For --managed: a file with the new password; - is stdin; else asked for"}});
  }
};

Status rotate_managed(const RotateOptions& options, CommandContext& context) {
  KeyOut out = TRY(
      KeyOut::open(options.key_made_here.key_out, "the account has that key all the same: `countersign rotate " +
                                                      quoted_for_shell(options.user) + " --managed` makes another"));
  const Secret password =
      TRY(read_password(options.password_file, "New password of " + options.user, context.terminal));
  Json fields = name_account(Json::object(), options.user).set("managed", true);
  if (options.key_made_here.escrow) fields.set("escrow", true);
  fields.set("password", password.reveal_text());
  return out.hand_over(context, TRY(ask_local(context, "account.rotate", std::move(fields), "")));
}

Status run_rotate(const RotateOptions& options, CommandContext& context) {
  if (options.key_made_here.managed) return rotate_managed(options, context);
  if (options.public_key.empty()) {
    return fail(ErrorCode::usage, "pass the new key with --public-key, or --managed to have one made");
  }
  Json fields = name_account(Json::object(), options.user);
  fields.set("public_key", TRY(read_certificate(options.public_key, auth::openpgp::gate::kCertificateLocalReadBytesMax,
                                                context.terminal)));
  return about_certificate(options.public_key, run_local(context, "account.rotate", std::move(fields)));
}

}  // namespace

Command rotate_command() {
  return command("rotate", "Give an account another key; every session of it ends",
                 "countersign rotate alice --public-key alice-new.asc", run_rotate);
}

}  // namespace countersign::cli::commands
