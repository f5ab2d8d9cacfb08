#include "cli/key_out.hpp"

#include <unistd.h>

#include <filesystem>

#include "auth/secrets/private_file.hpp"

namespace countersign::cli {

namespace fs = std::filesystem;

Status check_key_out(const std::string& file) {
  if (file.empty()) return ok();
  std::error_code error;
  if (fs::exists(fs::symlink_status(file, error))) return fail(ErrorCode::file_refused, file + " is there already");
  const fs::path folder = fs::absolute(file).parent_path();
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return ok();
  return fail(ErrorCode::file_refused, folder.string() + " cannot be written to");
}

Status hand_over(CommandContext& context, Json answer, const std::string& file) {
  if (file.empty() && context.terminal.json()) {
    context.terminal.answer(answer);
    return ok();
  }
  const std::string key = *answer.find("secret_key")->string();
  answer.erase("secret_key");
  if (file.empty()) {
    context.terminal.data(key);
    context.terminal.say(text_of_answer(answer));
    return ok();
  }
  const Status written = auth::write_private_file(fs::absolute(file), as_bytes(key));
  if (!written) {
    return fail(ErrorCode::file_refused,
                "it was done, but the secret key could not be written: " + written.error().detail +
                    "; `countersign rotate USER --managed` makes another");
  }
  context.terminal.answer(answer.set("key_file", file));
  return ok();
}

}  // namespace countersign::cli
