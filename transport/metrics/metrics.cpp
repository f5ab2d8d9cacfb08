#include "transport/metrics/metrics.hpp"

#include <chrono>

#include "transport/metrics/exposition.hpp"

namespace countersign::transport::metrics {
namespace {

using enum MetricType;

double number(auto count) {
  return static_cast<double>(count);
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// Only those of the network come to a server.
bool comes_by_http(const Operation& row) {
  return (row.carriers & static_cast<std::uint8_t>(Carrier::http)) != 0;
}

template <class Add>
void for_each_operation(const OperationCounts& counts, const Add& add) {
  const auto table = operation_table();
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (comes_by_http(table[row])) add(table[row].name, counts.of_operation(row));
  }
}

void expose_duration(Exposition& out, std::string_view operation, const OperationCounts::OfOperation& counts) {
  double below = 0;
  for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
    below += number(counts.durations[i].load());
    out.add("_bucket", {{"operation", operation}, {"le", number_text(seconds(kDurationBounds[i]))}}, below);
  }
  below += number(counts.durations.back().load());
  out.add("_bucket", {{"operation", operation}, {"le", "+Inf"}}, below);
  out.add("_sum", {{"operation", operation}}, number(counts.nanoseconds.load()) / 1e9);
  out.add("_count", {{"operation", operation}}, below);
}

void expose_operations(Exposition& out, const OperationCounts& counts) {
  out.begin("countersign_operations_total", counter, "Operations that came by HTTP, by how they came out.");
  for_each_operation(counts, [&](std::string_view name, const OperationCounts::OfOperation& of) {
    for (std::size_t i = 0; i < kOutcomes; ++i) {
      out.add({{"operation", name}, {"outcome", outcome_name(i)}}, number(of.outcomes[i].load()));
    }
  });
  out.begin("countersign_operation_duration_seconds", histogram, "How long operations took, without their transport.");
  for_each_operation(
      counts, [&](std::string_view name, const OperationCounts::OfOperation& of) { expose_duration(out, name, of); });
  out.begin("countersign_refusals_total", counter, "Operations that were refused, by the precise reason.");
#define X(code, face) out.add({{"code", #code}}, number(counts.refused(ErrorCode::code)));
  COUNTERSIGN_ERROR_CODES(X)
#undef X
}

void expose_logins(Exposition& out, const OperationCounts& counts) {
  constexpr std::array kKinds = {LoginKind::key, LoginKind::password, LoginKind::page};
  out.begin("countersign_logins_total", counter, "Sessions that were opened, by what proved who it is.");
  for (const LoginKind kind : kKinds) {
    out.add({{"kind", name_of(kind)}}, number(counts.of_login(kind).outcomes[0].load()));
  }
  out.begin("countersign_login_refusals_total", counter, "Logins that were refused, by the face that was shown.");
  for (const LoginKind kind : kKinds) {
    for (std::size_t i = 1; i < kOutcomes; ++i) {
      out.add({{"kind", name_of(kind)}, {"face", outcome_name(i)}}, number(counts.of_login(kind).outcomes[i].load()));
    }
  }
}

void expose_http(Exposition& out, const Readings& readings) {
  out.begin("countersign_http_connections", gauge, "Connections that are open.");
  out.add(number(readings.connections.open));
  out.begin("countersign_http_connections_max", gauge, "Connections that may be open at once.");
  out.add(number(readings.connections.most));
  out.begin("countersign_http_connections_accepted_total", counter, "Connections that were taken in.");
  out.add(number(readings.connections.admitted));
  out.begin("countersign_http_refusals_total", counter,
            "What was refused before it was an operation, connections too.");
  for (const auto& [reason, count] : readings.refusals.by_reason()) out.add({{"reason", reason}}, number(count));
}

void expose_instant(Exposition& out, std::string_view name, std::string_view help, const std::optional<Instant>& at) {
  out.begin(name, gauge, help);
  if (at) out.add(number(unix_seconds(*at)));
}

void expose_number(Exposition& out, std::string_view name, std::string_view help,
                   const std::optional<std::int64_t>& value) {
  out.begin(name, gauge, help);
  if (value) out.add(number(*value));
}

void expose_ages(Exposition& out, const auth::upkeep::Health& health) {
  expose_instant(out, "countersign_server_key_end_timestamp_seconds", "When the first of the server's keys ends.",
                 health.key_ends);
  out.begin("countersign_secret_since_timestamp_seconds", gauge, "Since when the key of a family is in use.");
  for (const auto& secret : health.secrets) {
    out.add({{"family", auth::secrets::name_of(secret.family)}}, number(unix_seconds(secret.since)));
  }
  out.begin("countersign_secret_due_timestamp_seconds", gauge, "When the key of a family is to be rotated.");
  for (const auto& secret : health.secrets) {
    if (!secret.due || secret.next) continue;
    out.add({{"family", auth::secrets::name_of(secret.family)}}, number(unix_seconds(*secret.due)));
  }
  expose_instant(out, "countersign_backup_timestamp_seconds", "When the last backup began.",
                 health.backup ? std::optional(health.backup->at) : std::nullopt);
}

void expose_store(Exposition& out, const StoreReadings& store) {
  const auth::upkeep::Health& health = store.health;
  out.begin("countersign_ready", gauge, "Whether the server can do its work, as /readyz says.");
  out.add(store.ready ? 1 : 0);
  out.begin("countersign_warnings", gauge, "How many warnings `countersign status` shows.");
  out.add(number(health.warnings.size()));
  expose_number(out, "countersign_sessions_open", "Open sessions, counted every half a minute.", store.sessions_open);
  expose_number(out, "countersign_store_bytes", "The size of the database.", health.store.bytes);
  expose_number(out, "countersign_disk_free_bytes", "What is free on the disk of the store.",
                health.store.disk_free_bytes);
  out.begin("countersign_ballast", gauge, "1 for the state that the room for a revocation on a full disk is in.");
  using storage::BallastState;
  for (const BallastState state : {BallastState::not_kept, BallastState::there, BallastState::missing,
                                   BallastState::no_room, BallastState::too_small}) {
    out.add({{"state", auth::upkeep::name_of(state)}}, state == health.ballast ? 1 : 0);
  }
  out.begin("countersign_clock", gauge, "1 for how the clock stands against the latest time seen.");
  for (const std::string_view state : {"right", "behind", "ahead"}) {
    out.add({{"state", state}}, state == health.clock ? 1 : 0);
  }
  expose_ages(out, health);
  const auto& inspection = health.inspection;
  expose_instant(out, "countersign_inspection_timestamp_seconds", "When every record was last read.",
                 inspection ? std::optional(inspection->at) : std::nullopt);
  expose_number(out, "countersign_records_inspected", "Records that were there then.",
                inspection ? std::optional(inspection->records) : std::nullopt);
  expose_number(out, "countersign_records_damaged", "How many of them were damaged.",
                inspection ? std::optional(inspection->damaged) : std::nullopt);
}

void expose_work(Exposition& out, const StoreReadings& store) {
  out.begin("countersign_password_hashes_total", counter, "Password hashes that were begun.");
  out.add(number(store.hasher.begun));
  out.begin("countersign_password_hashes_refused_total", counter, "Password hashes for which too many waited.");
  out.add(number(store.hasher.refused));
  out.begin("countersign_password_hashes_running", gauge, "Password hashes under way.");
  out.add(number(store.hasher.running));
  out.begin("countersign_password_hashes_waiting", gauge, "Password hashes that wait for their turn.");
  out.add(number(store.hasher.waiting));
  out.begin("countersign_record_cache_lookups_total", counter,
            "Verified records that were asked for: served from memory, read and unchanged, or opened anew.");
  out.add({{"result", "served"}}, number(store.cache.served));
  out.add({{"result", "compared"}}, number(store.cache.compared));
  out.add({{"result", "opened"}}, number(store.cache.opened));
  out.begin("countersign_record_cache_records", gauge, "Verified records that are kept.");
  out.add(number(store.cache.records));
  out.begin("countersign_record_cache_bytes", gauge, "What the verified records that are kept take, about.");
  out.add(number(store.cache.bytes));
}

}  // namespace

std::string expose(const Readings& readings) {
  Exposition out;
  out.begin("countersign_build_info", gauge, "1, with what runs.");
  out.add({{"version", COUNTERSIGN_VERSION}, {"storage", readings.store.health.store.kind}}, 1);
  expose_logins(out, readings.operations);
  expose_operations(out, readings.operations);
  expose_http(out, readings);
  expose_store(out, readings.store);
  expose_work(out, readings.store);
  out.begin("countersign_log_lines_dropped_total", counter, "Lines of the log that could not be written.");
  out.add(number(readings.log_lines_dropped));
  return out.take();
}

}  // namespace countersign::transport::metrics
