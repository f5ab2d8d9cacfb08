// The record of every decision.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "cli/held_signals.hpp"
#include "cli/local_carrier.hpp"
#include "cli/new_file.hpp"

namespace countersign::cli::commands {
namespace {

struct AuditListOptions {
  std::string writer;  // empty: every writer
  std::int64_t limit = 100;
  std::int64_t before = 0;  // 0: of all

  Arguments arguments() {
    return {
        {"--writer", &writer, "Of this writer only"},
        Argument("--limit", &limit, "The newest so many of each writer (100)").at_most(10000),
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

Status run_audit_list(const AuditListOptions& options, CommandContext& context) {
  return run_local(
      context, "audit.list",
      Json::object().set("writer", options.writer).set("before", options.before).set("limit", options.limit));
}

Json chains_of(const auth::upkeep::AuditArchive& archive) {
  Json chains = Json::array();
  for (const auto& chain : archive.chains) {
    chains.push(Json::object().set("writer", chain.writer).set("first", chain.first).set("last", chain.last));
  }
  return chains;
}

Result<Instant> parse_date(const std::string& text) {
  const auto at = parse_time(text.find('T') == std::string::npos ? text + "T00:00:00Z" : text);
  if (at) return *at;
  return fail(ErrorCode::usage, "--before is a date such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z");
}

Status run_audit_archive(const AuditArchiveOptions& options, CommandContext& context) {
  const Instant before = TRY(parse_date(options.before));
  const auto store = TRY(open_store(context));
  // Stopped by a signal it removes the file, unless that is whole already: then it is brought to its end first.
  const HeldSignals held;
  storage::NewFile file = TRY(begin_output(options.file));
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
    if (!in) return fail(ErrorCode::file_refused, *file + ": " + std::generic_category().message(errno));
    auto archive = store->verify_archive(in, later ? &*later : nullptr, context.terminal.counting("records"));
    if (!archive) return fail(archive.error().code, *file + ": " + archive.error().detail);
    later = *std::move(archive);
  }
  context.terminal.say(fmt::format("{} archives lead to the store.", files.size()));
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
                   command("list", "List decisions", "countersign audit list --limit 20", run_audit_list),
                   command("verify", "Check that no decision was changed or taken out", "countersign audit verify",
                           run_audit_verify),
                   command("archive", "Move old decisions out of the store, into a file that the server signs",
                           "countersign audit archive /media/safe/2025.audit --before 2026-01-01", run_audit_archive),
               });
}

}  // namespace countersign::cli::commands
