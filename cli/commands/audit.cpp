// The record of every decision.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "auth/base/clock.hpp"
#include "auth/records/audit_record.hpp"
#include "auth/records/id_prefixes.hpp"
#include "cli/data_folder.hpp"
#include "cli/held_signals.hpp"
#include "cli/local_carrier.hpp"
#include "cli/new_file.hpp"
#include "storage/base/shell.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli::commands {
namespace {

struct AuditListOptions {
  std::string writer;  // empty: every writer
  std::int64_t limit = 100;
  std::int64_t before = 0;  // 0: of all
  std::string since;        // a time, or how long ago
  std::string account;      // username or account id
  std::string what;         // a decision
  bool follow = false;

  Arguments arguments() {
    return {
        Argument("--limit", &limit, "The newest so many (100)").at_most(10000),
        {"--since", &since, "From then on: 2026-11-01, 2026-11-01T08:00:00Z, or 2h or 7d ago"},
        {"--account", &account, "On this account only: a username, an account id or 8 digits of one"},
        {"--what", &what, "This decision only, such as login_accepted"},
        Argument("--follow", &follow, "And what is decided from now on, until interrupted").excludes("--before"),
        {"--writer", &writer, "Of this server (its instance), or of the command line (cli), only"},
        Argument("--before", &before, "Of --writer, those before this number").needs("--writer"),
    };
  }
};

struct AuditVerifyOptions {
  std::vector<std::string> archives;

  Arguments arguments() {
    return {
        {"--archive", &archives, "And an archive that leads there; of several, the oldest first"},
    };
  }
};

struct AuditArchiveOptions {
  std::string file;
  std::string before;

  Arguments arguments() {
    return {
        Argument("FILE", &file, "Where to").required(),
        Argument("--before", &before, "What is older than that: 2026-01-31, or 2026-01-31T08:00:00Z").required(),
    };
  }
};

constexpr std::int64_t kFollowedMax = 10'000;
constexpr std::chrono::seconds kFollowEvery{1};

Result<Instant> parse_date(const std::string& option, const std::string& text) {
  const auto at = parse_time(text.find('T') == std::string::npos ? text + "T00:00:00Z" : text);
  if (at) return *at;
  return fail(ErrorCode::usage, option + " is a date such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z");
}

Result<Instant> parse_since(const std::string& text) {
  const auto ago = parse_duration(text);
  if (ago) return std::max(Instant(), auth::SystemClock().now() - *ago);
  const auto at = parse_date("--since", text);
  if (at) return *at;
  return fail(ErrorCode::usage, at.error().detail + ", or how long ago: 90s, 5m, 2h, 7d");
}

Status check_decision(const std::string& what) {
  std::string known;
  std::size_t line = 0;
  for (std::size_t i = 0; i < auth::records::kDecisions; ++i) {
    const std::string name(auth::records::name_of(static_cast<auth::records::Decision>(i)));
    if (name == what) return ok();
    const bool next_line = line + name.size() > kColumnsUnknown - 4;
    known += next_line || i == 0 ? "\n  " + name : " " + name;
    line = (next_line ? 0 : line) + name.size() + 1;
  }
  return fail(ErrorCode::usage,
              fmt::format("there is no decision \"{}\"; there are{}", escape_for_display(what), known));
}

Result<Json> search_fields(const AuditListOptions& options) {
  Json fields = Json::object().set("writer", options.writer).set("before", options.before).set("limit", options.limit);
  if (!options.since.empty()) fields.set("since", format_time(TRY(parse_since(options.since))));
  if (!options.what.empty()) {
    TRY(check_decision(options.what));
    fields.set("decision", options.what);
  }
  return options.account.empty() ? fields : name_account(std::move(fields), options.account);
}

// One record in a line: there is no telling how wide the columns of those to come would have to be.
std::string line_of(const Json& record, const Terminal& terminal) {
  constexpr std::size_t kDecisionColumns = 19;
  std::string line =
      scalar_text(*record.find("at")) + "  " + padded(scalar_text(*record.find("decision")), kDecisionColumns);
  for (const char* name : {"username", "account", "source", "detail", "session", "key"}) {
    std::string text = scalar_text(*record.find(name));
    if (text.empty()) continue;
    const bool is_account = std::string_view(name) == "account";
    if (is_account && !terminal.full()) text.resize(std::min(text.size(), auth::records::kPrefixDigitsMin));
    line += "  " + text;
  }
  return trimmed_line(terminal.full() ? line : cut(line, terminal.columns()));
}

Status show_new(const Json& answer, Terminal& terminal) {
  const Json::Array& records = *answer.find("records")->items();
  for (const Json& record : records) {
    terminal.data(terminal.json() ? json_for_display(record, false) + "\n" : line_of(record, terminal));
  }
  if (records.size() == kFollowedMax)
    terminal.say("More came at once than are shown; `countersign audit list` has all.");
  return terminal.finish();
}

// What was decided there cannot be known; the others are listed all the same.
Status judge_damaged(const Json& answer) {
  const Json* damaged = answer.find("damaged");
  if (damaged == nullptr) return ok();
  const Json& first = damaged->items()->front();
  return fail(
      ErrorCode::record_tampered,
      fmt::format("{} of the decisions cannot be read, {} {} the first of them; `countersign audit verify` looks "
                  "for more damage, and `countersign restore` puts a backup back",
                  damaged->items()->size(), *first.find("writer")->string(), *first.find("number")->integer()));
}

Status follow_audit(Json fields, CommandContext& context) {
  const HeldSignals held;
  const auto store = TRY(open_store(context));
  Json answer = TRY(ask_store(*store, "audit.list", fields.set("after", Json::object()), ""));
  while (true) {
    TRY(show_new(answer, context.terminal));
    TRY(judge_damaged(answer));
    held.wait(kFollowEvery);
    if (held.is_waiting() || context.terminal.reader_is_gone()) return ok();
    fields.set("after", *answer.find("after")).set("limit", kFollowedMax);
    // What was decided since may be under a secret that was made since.
    TRY(store->maintain());
    answer = TRY(ask_store(*store, "audit.list", fields, ""));
  }
}

Status run_audit_list(const AuditListOptions& options, CommandContext& context) {
  Json fields = TRY(search_fields(options));
  if (options.follow) return follow_audit(std::move(fields), context);
  const Json answer = TRY(ask_counting(context, "audit.list", std::move(fields)));
  const Json& records = *answer.find("records");
  if (records.items()->empty() && !context.terminal.json()) context.terminal.say("There are no such records.");
  context.terminal.answer(context.terminal.json() ? answer
                                                  : with_first(records, {"at", "decision", "username", "account",
                                                                         "detail", "source", "session", "key"}));
  if (const Json* before = answer.find("before"); before != nullptr && !context.terminal.json()) {
    context.terminal.say(fmt::format("Those before:\n  countersign audit list --writer {} --before {}",
                                     quoted_for_shell(options.writer), *before->integer()));
  } else if (static_cast<std::int64_t>(records.items()->size()) == options.limit && !context.terminal.json()) {
    context.terminal.say(
        fmt::format("These are the newest {}; pass --limit for more, 10000 at most, or --writer and --before for those "
                    "before.",
                    options.limit));
  }
  return judge_damaged(answer);
}

Json chains_of(const auth::upkeep::AuditArchive& archive) {
  Json chains = Json::array();
  for (const auto& chain : archive.chains) {
    chains.push(Json::object().set("writer", chain.writer).set("first", chain.first).set("last", chain.last));
  }
  return chains;
}

Status run_audit_archive(const AuditArchiveOptions& options, CommandContext& context) {
  const Instant before = TRY(parse_date("--before", options.before));
  TRY(check_outside(TRY(context.data_folder()), options.file));
  const auto store = TRY(open_store(context));
  // Stopped by a signal it removes the file, unless that is whole already: then it is brought to its end first.
  const HeldSignals held;
  storage::NewFile file = TRY(begin_only_copy(options.file, ToStdout::never));
  const auto sink = [&](ByteView bytes) -> Status {
    if (held.is_waiting()) return fail(ErrorCode::failed, "it was stopped");
    return file.add(bytes);
  };
  const auto archive = TRY(store->archive_audit(
      before, sink, [&] { return file.finish(); }, context.terminal.counting("records")));
  context.terminal.answer(Json::object()
                              .set("file", options.file)
                              .set("before", format_time(archive.before))
                              .set("records", archive.records())
                              .set("chains", chains_of(archive)));
  context.terminal.say("Keep it: only `countersign audit verify --archive FILE` of this store can still vouch for it.");
  return ok();
}

// Newest first: each archive leads to the one after it, and the newest to the store.
Status verify_archives(const std::vector<std::string>& files, CommandContext& context) {
  const auto store = TRY(open_store(context));
  std::optional<auth::upkeep::AuditArchive> later;
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    std::ifstream in(*file, std::ios::binary);
    if (!in) return tl::unexpected<Error>(unopened_file(*file));
    auto archive = store->verify_archive(in, later ? &*later : nullptr, context.terminal.counting("records"));
    if (!archive) return fail(archive.error().code, *file + ": " + archive.error().detail);
    later = *std::move(archive);
  }
  context.terminal.say(files.size() == 1 ? "The archive leads to the store."
                                         : fmt::format("{} archives lead to the store.", files.size()));
  return ok();
}

Status run_audit_verify(const AuditVerifyOptions& options, CommandContext& context) {
  if (!options.archives.empty()) TRY(verify_archives(options.archives, context));
  const Json report = TRY(ask_counting(context, "audit.verify", Json::object()));
  context.terminal.answer(report);
  const Json* intact = report.find("intact");
  if (intact != nullptr && intact->boolean() != nullptr && *intact->boolean()) return ok();
  return fail(ErrorCode::chain_broken, "see the faults above");
}

}  // namespace

Command audit_command() {
  return group("audit", "The record of every decision",
               {
                   command("list", "List decisions in the order of time",
                           "countersign audit list --since 7d --account alice", run_audit_list),
                   command("verify", "Check that no decision was changed or taken out", "countersign audit verify",
                           run_audit_verify),
                   command("archive", "Move old decisions out of the store, into a file that the server signs",
                           "countersign audit archive /media/safe/2025.audit --before 2026-01-01", run_audit_archive),
               });
}

}  // namespace countersign::cli::commands
