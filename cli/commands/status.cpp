// How the server stands: for operators and their monitors.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "cli/local_carrier.hpp"
#include "cli/wrapping.hpp"
#include "storage/base/one_line.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli::commands {
namespace {

struct StatusOptions {
  bool deep = false;

  Arguments arguments() {
    return {
        {"--deep", &deep, "Read every record as well, and say which are damaged"},
    };
  }
};

constexpr const char* kNotTried = "not tried, since that could ask for a PIN; /readyz of a running server says it";
constexpr std::int64_t kKib = 1024;
constexpr std::size_t kShownLineBytesMax = 4u << 10;

std::string text_at(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  return member == nullptr || member->string() == nullptr ? std::string() : *member->string();
}

std::int64_t number_at(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  return member == nullptr || member->integer() == nullptr ? 0 : *member->integer();
}

// What is amiss is also the exit code.
Status judge_answer(const Json& answer) {
  const auto code = error_code_named(text_at(answer, "status"));
  if (code) return fail(*code, text_at(answer, "reason"));
  if (number_at(answer, "damaged") == 0) return ok();
  return fail(ErrorCode::record_unreadable, "see the faults above");
}

// In the largest unit of which there is one, with a digit behind the point.
std::string size_text(std::int64_t bytes) {
  constexpr const char* kSizeUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < kKib) return fmt::format("{} bytes", bytes);
  double size = static_cast<double>(bytes) / kKib;
  std::size_t unit = 0;
  while (size >= kKib && unit + 1 < std::size(kSizeUnits)) {
    size /= kKib;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kSizeUnits[unit]);
}

std::string store_text(const Json& store) {
  const Json* bytes = store.find("bytes");
  const std::string size = bytes->is_null() ? std::string() : ", " + size_text(*bytes->integer());
  return text_at(store, "kind") + size;
}

std::string inspection_text(const Json& store) {
  if (store.find("inspected_at")->is_null()) return "not yet; a server does it once a day, status --deep now";
  return fmt::format("{}, {} of {} records damaged", text_at(store, "inspected_at"), number_at(store, "damaged"),
                     number_at(store, "records"));
}

std::string secret_text(const Json& secret) {
  const std::string next = text_at(secret, "next");
  return fmt::format("since {}{}", text_at(secret, "since"), next.empty() ? "" : "; the next from " + next);
}

std::string backup_text(const Json& backup) {
  if (backup.is_null()) return "none";
  return fmt::format("{}, {} records", text_at(backup, "at"), number_at(backup, "records"));
}

std::string refusals_text(const Json& refusals) {
  std::int64_t all = 0;
  for (const auto& [code, count] : *refusals.find("counts")->members()) all += *count.integer();
  return fmt::format("{} since {}", all, text_at(refusals, "since"));
}

// The same for people, a line each.
Json screen(const Json& answer) {
  Json out = Json::object();
  for (const char* name : {"status", "reason", "signing", "server", "fingerprint", "version"}) {
    if (const Json* member = answer.find(name)) out.set(name, on_one_line(*member->string()));
  }
  const Json& store = *answer.find("store");
  const Json& ends = *answer.find("key_ends");
  const Json& sessions = *answer.find("sessions");
  out.set("key ends", ends.is_null() ? Json("never") : ends);
  out.set("store", store_text(store));
  out.set("inspected", inspection_text(store));
  const Json& disk_free = *store.find("disk_free_bytes");
  out.set("disk free", disk_free.is_null() ? Json() : Json(size_text(*disk_free.integer())));
  out.set("ballast", *answer.find("ballast"));
  out.set("clock", *answer.find("clock"));
  for (const Json& secret : *answer.find("secrets")->items()) {
    out.set(text_at(secret, "family") + " key", secret_text(secret));
  }
  out.set("last backup", backup_text(*answer.find("backup")));
  out.set("sessions",
          fmt::format("{}{}", *sessions.find("more")->boolean() ? "more than " : "", number_at(sessions, "open")));
  out.set("refusals", refusals_text(*answer.find("refusals")));
  for (const char* name : {"records", "damaged"}) {
    if (const Json* member = answer.find(name)) out.set(name, *member);
  }
  return out;
}

// Lines of a list of the answer, under its name.
void show_lines(Terminal& terminal, const Json& answer, std::string_view name) {
  const Json* lines = answer.find(name);
  if (lines == nullptr || lines->items()->empty()) return;
  terminal.data(fmt::format("\n{}\n", name));
  for (const Json& line : *lines->items()) {
    terminal.data(wrapped("- " + escape_for_display(*line.string(), kShownLineBytesMax), 2) + "\n");
  }
}

Status run_status(const StatusOptions& options, CommandContext& context) {
  Json answer = TRY(ask_counting(context, "status.show", Json::object().set("deep", options.deep)));
  if (!TRY(context.settings()).server_key_home.empty()) answer.set("signing", kNotTried);
  if (context.terminal.json()) {
    context.terminal.answer(answer);
  } else {
    context.terminal.answer(screen(answer));
    show_lines(context.terminal, answer, "warnings");
    show_lines(context.terminal, answer, "faults");
  }
  if (answer.find("warnings") != nullptr) context.done = ExitCode::warned;
  return judge_answer(answer);
}

}  // namespace

Command status_command() {
  return command("status", "How the server stands, on one screen; exits with 9 where there are warnings",
                 "countersign status --deep", run_status);
}

}  // namespace countersign::cli::commands
