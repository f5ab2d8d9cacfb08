// Adding many accounts at once, from JSON lines.
//
// Some threads add accounts at the same time, each by the operation that `account add` is too: what one waits for the
// disk, the others share (auth/records/audit.hpp). A run that was stopped is run again, and goes on: what is there
// with the same key is counted, not added.
#include "cli/commands/account_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <istream>
#include <mutex>
#include <thread>
#include <vector>

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/local_carrier.hpp"
#include "cli/new_file.hpp"
#include "storage/base/text.hpp"
#include "storage/base/text_encoding.hpp"

namespace countersign::cli::commands {
namespace {

// More than processors, for while a commit is under way nobody computes; as many as share one commit.
constexpr std::size_t kThreads = 32;
constexpr std::size_t kLineBytesMax = 1u << 20;
constexpr std::size_t kRefusalsShown = 100;
constexpr auto kTellEvery = std::chrono::milliseconds(250);

struct Line {
  std::int64_t number = 0;
  Result<std::string> text;
};

struct Refusal {
  std::int64_t line = 0;
  std::string username;
  Error error;
};

enum class Outcome : std::uint8_t { added, present };

// One line: its members are those of the operation, and no others.
Result<Outcome> add(Store& store, const Result<std::string>& line, std::string& username) {
  const std::string text = TRY(line);
  if (text.size() > kLineBytesMax) return fail(ErrorCode::message_too_large, "over 1 MiB");
  const Json json = TRY(parse_json(text));
  if (json.members() == nullptr) return fail(ErrorCode::malformed_message, "a line is a JSON object");
  JsonReader reader(json);
  username = TRY(reader.text("username"));
  const std::string public_key = TRY(reader.text("public_key"));
  const auto profile = TRY(auth::records::parse_profile(reader));
  TRY(reader.finish());
  Json fields = Json::object().set("username", username).set("public_key", public_key).set("metadata_later", true);
  write_profile(profile, fields);
  const auto added = ask_store(store, "account.add", std::move(fields), "");
  if (added) return Outcome::added;
  if (added.error().code != ErrorCode::account_exists) return tl::unexpected<Error>(added.error());
  const Json account = TRY(ask_store(store, "account.show", Json::object().set("username", username), ""));
  const auto certificate =
      TRY(auth::openpgp::gate::admit_certificate(public_key, auth::openpgp::gate::kCertificateLocalReadBytesMax));
  if (*account.find("fingerprint")->string() == certificate.fingerprint().upper()) return Outcome::present;
  return fail(ErrorCode::account_exists, username + " is here with another key");
}

class BatchAdding {
 public:
  BatchAdding(Store& store, std::istream& in) : store_(store), lines_(in) {}

  // On the calling thread until all is done; it alone calls `tell`.
  void run(const Progress& tell) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) threads.emplace_back([this] { work(); });
    {
      std::unique_lock lock(mutex_);
      while (!ended_.wait_for(lock, kTellEvery, [&] { return working_ == 0; })) tell(added_ + present_ + refused_, 0);
    }
    for (std::thread& thread : threads) thread.join();
  }

  // Once run() has returned.
  Json summary() {
    std::sort(refusals_.begin(), refusals_.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
    Json refusals = Json::array();
    for (const Refusal& one : refusals_) {
      refusals.push(Json::object()
                        .set("line", one.line)
                        .set("username", escape_for_display(one.username))
                        .set("error", name_of(one.error.code))
                        .set("detail", escape_for_display(one.error.detail)));
    }
    return Json::object()
        .set("added", added_)
        .set("present", present_)
        .set("refused", refused_)
        .set("refusals", std::move(refusals));
  }
  std::int64_t refused() const { return refused_; }
  // What ended the run early, such as a full disk: the rest was not tried.
  const std::optional<Error>& stopped_by() const { return stopped_by_; }

 private:
  // Nothing at the end, or once the store does not answer.
  std::optional<Line> next() {
    const std::lock_guard lock(reading_);
    while (!stopped_) {
      auto text = lines_.next(kLineBytesMax);
      if (!text) break;
      ++lines_read_;
      if (!*text || !(*text)->empty()) return Line{lines_read_, *std::move(text)};
    }
    return std::nullopt;
  }

  void work() {
    while (const auto line = next()) {
      std::string username;
      note(*line, username, add(store_, line->text, username));
    }
    const std::lock_guard lock(mutex_);
    if (--working_ == 0) ended_.notify_all();
  }

  void note(const Line& line, const std::string& username, const Result<Outcome>& outcome) {
    const std::lock_guard lock(mutex_);
    if (outcome) {
      ++(*outcome == Outcome::added ? added_ : present_);
    } else if (face_of(outcome.error().code) == Face::unavailable) {
      stopped_ = true;
      stopped_by_ = outcome.error();
    } else {
      ++refused_;
      if (refusals_.size() < kRefusalsShown) refusals_.push_back({line.number, username, outcome.error()});
    }
  }

  Store& store_;
  std::mutex reading_;
  TextLines lines_;
  std::int64_t lines_read_ = 0;
  std::atomic<bool> stopped_{false};

  std::mutex mutex_;  // of what follows
  std::condition_variable ended_;
  std::size_t working_ = kThreads;
  std::int64_t added_ = 0;
  std::int64_t present_ = 0;
  std::int64_t refused_ = 0;
  std::vector<Refusal> refusals_;
  std::optional<Error> stopped_by_;
};

}  // namespace

Status add_accounts(const std::string& path, CommandContext& context) {
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    // A folder is opened like a file, and has no line.
    if (file && file.peek() == std::ifstream::traits_type::eof() && file.bad()) file.setstate(std::ios::failbit);
    if (file.fail()) return tl::unexpected<Error>(unopened_file(path));
    file.clear();
  }
  const auto store = TRY(open_store(context));
  BatchAdding adding(*store, path == "-" ? context.terminal.in() : file);
  adding.run(context.terminal.counting("accounts"));
  context.terminal.answer(adding.summary());
  if (adding.stopped_by()) return tl::unexpected<Error>(*adding.stopped_by());
  if (adding.refused() == 0) return ok();
  return fail(ErrorCode::failed, fmt::format("{} lines were refused; mend them and run the same command again: what "
                                             "is there already stays as it is",
                                             adding.refused()));
}

}  // namespace countersign::cli::commands
