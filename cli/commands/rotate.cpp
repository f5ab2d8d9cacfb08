#include "cli/commands/rotate.hpp"

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"
#include "cli/key_out.hpp"
#include "cli/local_carrier.hpp"

namespace countersign::cli {

namespace {

Status rotate_managed(const RotateOptions& options, CommandContext& context) {
  KeyOut out = TRY(KeyOut::open(options.key_out, "the account has that key all the same: `countersign rotate " +
                                                     options.user + " --managed` makes another"));
  const Secret password =
      TRY(read_password(options.password_file, "New password of " + options.user, context.terminal));
  Json fields = name_account(Json::object(), options.user).set("managed", true);
  if (options.escrow) fields.set("escrow", true);
  fields.set("password", password.reveal_text());
  return out.hand_over(context, TRY(ask_local(context, "account.rotate", std::move(fields), "")));
}

}  // namespace

Status run_rotate(const RotateOptions& options, CommandContext& context) {
  if (options.managed) return rotate_managed(options, context);
  if (options.public_key.empty()) {
    return fail(ErrorCode::usage, "pass the new key with --public-key, or --managed to have one made");
  }
  Json fields = name_account(Json::object(), options.user);
  fields.set("public_key", TRY(read_certificate(options.public_key, auth::openpgp::gate::kCertificateLocalReadBytesMax,
                                                context.terminal)));
  return run_local(context, "account.rotate", std::move(fields));
}

}  // namespace countersign::cli
