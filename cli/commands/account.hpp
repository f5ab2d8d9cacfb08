// Administration of accounts.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct AccountAddOptions {
  std::string user;
  std::string public_key;  // a file; "-" is stdin
  bool show_key_id = false;
  std::string password_file;  // "-" is stdin; empty: none, or for a managed account asked for
  bool managed = false;       // the server makes the key
  bool escrow = false;
  std::string key_out;  // a file for the secret key; empty: stdout
};
Status run_account_add(const AccountAddOptions& options, CommandContext& context);

struct AccountListOptions {
  std::string after;       // the account id to go on after
  std::int64_t limit = 0;  // 0: all
};
Status run_account_list(const AccountListOptions& options, CommandContext& context);

struct AccountShowOptions {
  std::string user;  // username or account id
};
Status run_account_show(const AccountShowOptions& options, CommandContext& context);

struct AccountConfirmOptions {
  std::string fingerprint;
  std::string user;
  bool show_key_id = false;
};
Status run_account_confirm(const AccountConfirmOptions& options, CommandContext& context);

// Gives an escrowed key out, as it was protected.
struct AccountKeyOptions {
  std::string user;
  std::string key_out;
};
Status run_account_key(const AccountKeyOptions& options, CommandContext& context);

struct AccountRestoreOptions {
  std::string user;
  std::string public_key;  // a file; "-" is stdin; empty: the key that was revoked
  bool yes = false;
};
Status run_account_restore(const AccountRestoreOptions& options, CommandContext& context);

struct AccountDeleteOptions {
  std::string user;
  bool yes = false;
};
Status run_account_delete(const AccountDeleteOptions& options, CommandContext& context);

}  // namespace countersign::cli
