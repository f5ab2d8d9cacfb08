#include "cli/key_out.hpp"

#include <filesystem>

namespace countersign::cli {

namespace fs = std::filesystem;

Result<KeyOut> KeyOut::open(const std::string& file) {
  KeyOut out;
  if (file.empty()) return out;
  std::error_code error;
  if (fs::exists(fs::symlink_status(file, error))) return fail(ErrorCode::file_refused, file + " is there already");
  out.name_ = file;
  out.file_.emplace(TRY(NewFile::begin(fs::absolute(file))));
  return out;
}

Status KeyOut::hand_over(CommandContext& context, Json answer) {
  if (!file_ && context.terminal.json()) {
    context.terminal.answer(answer);
    return ok();
  }
  const std::string key = *answer.find("secret_key")->string();
  answer.erase("secret_key");
  if (!file_) {
    context.terminal.data(key);
    context.terminal.say(text_of_answer(answer));
    return ok();
  }
  Status written = file_->add(as_bytes(key));
  if (written) written = file_->finish();
  if (!written) {
    return fail(ErrorCode::file_refused,
                "it was done, but the secret key could not be written: " + written.error().detail +
                    "; `countersign rotate USER --managed` makes another");
  }
  context.terminal.answer(answer.set("key_file", name_));
  return ok();
}

}  // namespace countersign::cli
