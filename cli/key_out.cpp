#include "cli/key_out.hpp"

#include <csignal>
#include <utility>

#include "cli/new_file.hpp"

namespace countersign::cli {

Arguments KeyMadeHere::arguments() {
  return {
      Argument("--managed", &managed, "Make the key here, protected by the password, and hand it over")
          .excludes("--public-key"),
      Argument("--escrow", &escrow, "Keep the protected secret key here too: weaker, see docs/operating/keys.md")
          .needs("--managed"),
      Argument("--key-out", &key_out, "Where the secret key goes: a new file; - is stdout, as is none")
          .needs("--managed"),
  };
}

Result<KeyOut> KeyOut::open(const std::string& file, std::string if_lost) {
  KeyOut out;
  out.if_lost_ = std::move(if_lost);
  if (file.empty() || file == "-") {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone away is said like a full disk
    return out;
  }
  out.name_ = file;
  out.file_.emplace(TRY(begin_only_copy(file, ToStdout::too)));
  return out;
}

// At once: whoever made the key must not count on it while it can still be lost.
Status KeyOut::write(CommandContext& context, const Json& answer) {
  const std::string& key = *answer.find("secret_key")->string();
  if (file_) {
    TRY(file_->add(as_bytes(key)));
    return file_->finish();
  }
  if (context.terminal.json()) {
    context.terminal.answer(answer);
  } else {
    context.terminal.data(key);
  }
  return context.terminal.finish();
}

Status KeyOut::hand_over(CommandContext& context, Json answer) {
  if (const Status written = write(context, answer); !written) {
    return fail(ErrorCode::file_refused,
                "the secret key could not be written: " + written.error().detail + "; " + if_lost_);
  }
  answer.erase("secret_key");
  if (file_) {
    context.terminal.answer(answer.set("key_file", name_));
  } else if (!context.terminal.json()) {
    context.terminal.recite(text_of_answer(answer));
  }
  return ok();
}

}  // namespace countersign::cli
