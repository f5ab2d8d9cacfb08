#include "cli/commands/account.hpp"

namespace countersign::cli {

Status run_account_add(const AccountAddOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_account_list(const AccountListOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_account_show(const AccountShowOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_account_confirm(const AccountConfirmOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
