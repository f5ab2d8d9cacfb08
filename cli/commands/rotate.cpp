#include "cli/commands/rotate.hpp"

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"

namespace countersign::cli {

Status run_rotate(const RotateOptions& options, CommandContext& context) {
  Json fields = name_account(Json::object(), options.user);
  fields.set("public_key",
             TRY(read_certificate(options.public_key, auth::openpgp::kCertificateLocalReadBytesMax, context.terminal)));
  return run_local(context, "account.rotate", std::move(fields));
}

}  // namespace countersign::cli
