// The store as a file, and back.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "cli/data_folder.hpp"
#include "cli/held_signals.hpp"
#include "cli/input.hpp"
#include "cli/local_carrier.hpp"
#include "cli/new_file.hpp"
#include "cli/restoring.hpp"

namespace countersign::cli::commands {
namespace {

struct BackupOptions {
  std::string file;  // "-" is stdout

  Arguments arguments() {
    return {
        Argument("FILE", &file, "Where to; - is stdout").required(),
    };
  }
};

struct RestoreOptions {
  std::string file;  // "-" is stdin; empty for the other two
  bool replace = false;
  bool accept = false;
  bool accept_lost_revocations = false;
  bool yes = false;

  Arguments arguments() {
    return {
        {"FILE", &file, "The backup; - is stdin"},
        {"--replace", &replace, "In the place of the records that the store has"},
        {"--accept", &accept, "No backup: use a store that was put back by other means, as it is"},
        {"--accept-lost-revocations", &accept_lost_revocations,
         "The same, and go on without revocations that nobody has a list of"},
        yes_argument(&yes),
    };
  }
};

constexpr const char* kSecretsApart =
    "The secrets are not in it, and without the folder `secrets` of this data folder nobody can restore it: "
    "keep a copy of that folder too, in another place than the backup.";

Json fields_of(const auth::upkeep::BackupReport& report, const std::string& file) {
  Json fields = Json::object()
                    .set("file", file)
                    .set("records", report.counts.puts)
                    .set("bytes", report.counts.bytes)
                    .set("accounts", report.accounts)
                    .set("revocations", report.revocations)
                    .set("audit_records", report.audit_records);
  if (!report.damaged.empty()) {
    Json damaged = Json::array();
    for (const std::string& id : report.damaged) damaged.push(id);
    fields.set("damaged_accounts", std::move(damaged));
  }
  return fields;
}

Status judge_damage(const auth::upkeep::BackupReport& report) {
  if (report.damaged.empty()) return ok();
  return fail(ErrorCode::record_tampered,
              fmt::format("the backup is written, and {} accounts in it are damaged as they are in the store, the "
                          "first of them {}",
                          report.damaged.size(), report.damaged.front()));
}

Status back_up_to_stdout(CommandContext& context) {
  Terminal& terminal = context.terminal;
  if (terminal.json()) return fail(ErrorCode::usage, "--json needs a FILE: stdout has the backup");
  if (terminal.out_is_tty()) return fail(ErrorCode::usage, "a backup is not for a terminal: name a FILE");
  const auto store = TRY(open_store(context));
  const auto sink = [&](ByteView bytes) -> Status {
    terminal.data(as_text(bytes));
    return ok();
  };
  const auto finish = [&] { return terminal.finish(); };
  const auto report = TRY(store->back_up(sink, finish, terminal.counting("records copied")));
  terminal.say(fmt::format("{} records of {} accounts", report.counts.puts, report.accounts));
  terminal.say(kSecretsApart);
  return judge_damage(report);
}

// Stopped by a signal it removes the file before it ends by that.
Result<auth::upkeep::BackupReport> back_up_to_file(Store& store, const std::string& path, Terminal& terminal) {
  const HeldSignals held;
  storage::NewFile file = TRY(begin_output(path));
  const auto sink = [&](ByteView bytes) -> Status {
    if (held.is_waiting()) return fail(ErrorCode::failed, "it was stopped");
    return file.add(bytes);
  };
  return store.back_up(
      sink, [&] { return file.finish(); }, terminal.counting("records copied"));
}

Json with_adopted(Json fields, const auth::upkeep::Adopted& adopted) {
  fields.set("restores", adopted.restores);
  if (!adopted.cut_off.empty()) {
    Json cut_off = Json::array();
    for (const auth::records::CutOff& one : adopted.cut_off) cut_off.push(text_of(one));
    fields.set("audit_records_cut_off", std::move(cut_off));
  }
  if (adopted.missing_last > 0) {
    fields.set(adopted.given_up ? "revocations_lost" : "revocations_missing",
               fmt::format("{} to {}", adopted.missing_first, adopted.missing_last));
  }
  return fields;
}

// In use, but not to be served before these are there.
Status judge_missing(const auth::upkeep::Adopted& adopted) {
  if (adopted.missing_last == 0 || adopted.given_up) return ok();
  return fail(ErrorCode::medium_restored,
              fmt::format("revocations {} to {} are missing. Before anybody is let in, run `countersign revocation "
                          "apply FILE` with a list that holds them; where there is none, `countersign restore "
                          "--accept-lost-revocations`",
                          adopted.missing_first, adopted.missing_last));
}

Status restore_file(const RestoreOptions& options, CommandContext& context) {
  if (options.replace && !options.yes) {
    TRY(context.terminal.confirm(
        "The records that the store has are erased, and every session ends. Put the backup in their place?", "--yes"));
  }
  const Settings settings = TRY(context.settings());
  const auto folder = TRY(context.data_folder());
  auto source = TRY(open_input(options.file, context.terminal));
  const auto restored =
      TRY(about_input(options.file, restore_backup(folder, settings, std::move(source), options.replace,
                                                   context.terminal.counting("records put back"))));
  Json answer = Json::object()
                    .set("server", restored.facts.head.server)
                    .set("made", format_time(restored.facts.head.made_at))
                    .set("records", restored.facts.counts.puts);
  context.terminal.answer(with_adopted(std::move(answer), restored.adopted));
  context.terminal.say("Every session and every open challenge is void.");
  return judge_missing(restored.adopted);
}

Status accept(const RestoreOptions& options, CommandContext& context) {
  const Settings settings = TRY(context.settings());
  const auto folder = TRY(context.data_folder());
  if (options.accept_lost_revocations && !options.yes) {
    TRY(context.terminal.confirm(
        "Who was revoked, rotated or deleted since the copy was made is so no more. Go on without a list of them?",
        "--yes"));
  }
  const auto adopted =
      TRY(accept_medium(folder, settings,
                        options.accept_lost_revocations ? auth::upkeep::MissingRevocations::give_up
                                                        : auth::upkeep::MissingRevocations::wait_for_export));
  context.terminal.answer(with_adopted(Json::object(), adopted));
  context.terminal.say("Every session and every open challenge is void.");
  return judge_missing(adopted);
}

Status run_backup(const BackupOptions& options, CommandContext& context) {
  if (options.file == "-") return back_up_to_stdout(context);
  TRY(check_outside(TRY(context.data_folder()), options.file));
  const auto store = TRY(open_store(context));
  const auto report = TRY(back_up_to_file(*store, options.file, context.terminal));
  context.terminal.answer(fields_of(report, options.file));
  context.terminal.say(kSecretsApart);
  return judge_damage(report);
}

Status run_restore(const RestoreOptions& options, CommandContext& context) {
  const bool accepts = options.accept || options.accept_lost_revocations;
  if (accepts && !options.file.empty()) {
    return fail(ErrorCode::usage,
                "--accept and --accept-lost-revocations are for a store that was put back by other means: pass either "
                "them or a backup");
  }
  if (!accepts && options.file.empty()) {
    return fail(ErrorCode::usage,
                "name a backup to put back; or --accept, to use a store that was put back by other means");
  }
  return accepts ? accept(options, context) : restore_file(options, context);
}

}  // namespace

Command backup_command() {
  return command("backup", "Write the store to a file, beside a running server; never the secrets",
                 "countersign backup /media/safe/store.backup", run_backup);
}

Command restore_command() {
  return command("restore", "Put a backup back; every session and open challenge ends",
                 "countersign restore /media/safe/store.backup --replace", run_restore);
}

}  // namespace countersign::cli::commands
