#include "cli/commands/all.hpp"

namespace countersign::cli::commands {

std::vector<Command> all() {
  return {init_command(),    serve_command(),      challenge_command(), redeem_command(),     account_command(),
          invite_command(),  rotate_command(),     revoke_command(),    revocation_command(), password_command(),
          session_command(), courier_command(),    respond_command(),   join_command(),       enrol_command(),
          login_command(),   whoami_command(),     logout_command(),    server_command(),     server_key_command(),
          backup_command(),  restore_command(),    secret_command(),    audit_command(),      status_command(),
          clock_command(),   completion_command(), version_command()};
}

}  // namespace countersign::cli::commands
