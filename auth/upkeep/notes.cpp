#include "auth/upkeep/notes.hpp"

namespace countersign::auth::upkeep {
namespace {

constexpr std::string_view kRefusals = "server/refusals/";
constexpr std::size_t kWritersMax = 64;
constexpr std::chrono::hours kHour{1};

// A note of when something was done, with two numbers. Where each kind of note is, and what its second number is.
template <class Note>
struct Place {
  std::string_view name;
  std::string_view second_name;
  std::int64_t Note::*second;
};
constexpr Place<BackupNote> kBackup{"server/backup", "bytes", &BackupNote::bytes};
constexpr Place<InspectionNote> kInspection{"server/inspection", "damaged", &InspectionNote::damaged};

template <class Note>
Status write_note(const Context& context, const Place<Note>& place, const Note& note) {
  const Json record = Json::object()
                          .set("version", 1)
                          .set("at", format_time(note.at))
                          .set("records", note.records)
                          .set(std::string(place.second_name), note.*place.second);
  storage::Batch batch;
  batch.put(std::string(place.name), context.seal.close(place.name, record));
  return context.medium.commit(batch);
}

template <class Note>
Result<Note> parse_note(const Place<Note>& place, const Json& record) {
  JsonReader reader(record);
  TRY(secrets::check_record_version(reader));
  Note note;
  note.at = TRY(reader.time("at"));
  note.records = TRY(reader.integer("records"));
  note.*place.second = TRY(reader.integer(place.second_name));
  TRY(reader.finish());
  return note;
}

template <class Note>
Result<std::optional<Note>> find_note(const Context& context, const Place<Note>& place) {
  const auto found = TRY(find_record(context.medium, context.seal, place.name));
  if (!found) return std::optional<Note>();
  return std::optional<Note>(TRY(secrets::understood(place.name, parse_note(place, found->record))));
}

Json written(const std::map<std::string, std::int64_t>& counts) {
  Json out = Json::object();
  for (const auto& [code, count] : counts) out.set(code, count);
  return out;
}

Result<std::map<std::string, std::int64_t>> read_counts(JsonReader& reader, std::string_view member) {
  const Json json = reader.take(member);
  if (json.members() == nullptr) return fail(ErrorCode::malformed_message, std::string(member));
  std::map<std::string, std::int64_t> counts;
  JsonReader members(json);
  for (const auto& one : *json.members()) counts[one.first] = TRY(members.integer(one.first));
  return counts;
}

struct HourlyRefusals {
  Instant hour{};  // when it began
  std::map<std::string, std::int64_t> counts;
  std::map<std::string, std::int64_t> before;  // of the hour before
};

Result<HourlyRefusals> parse_refusals(const Json& record) {
  JsonReader reader(record);
  TRY(secrets::check_record_version(reader));
  HourlyRefusals refusals;
  refusals.hour = TRY(reader.time("hour"));
  refusals.counts = TRY(read_counts(reader, "counts"));
  refusals.before = TRY(read_counts(reader, "before"));
  TRY(reader.finish());
  return refusals;
}

// As they stand in that hour; nothing of them where they are older.
HourlyRefusals moved_to(Instant hour, HourlyRefusals refusals) {
  if (refusals.hour == hour) return refusals;
  const bool is_next = refusals.hour + kHour == hour;
  return {hour, {}, is_next ? std::move(refusals.counts) : std::map<std::string, std::int64_t>()};
}

Result<HourlyRefusals> find_refusals(const Context& context, std::string_view name, Instant hour) {
  const auto found = TRY(find_record(context.medium, context.seal, name));
  if (!found) return HourlyRefusals{hour, {}, {}};
  return moved_to(hour, TRY(secrets::understood(name, parse_refusals(found->record))));
}

}  // namespace

Status note_backup(const Context& context, const BackupNote& note) {
  return write_note(context, kBackup, note);
}

Status note_inspection(const Context& context, const InspectionNote& note) {
  return write_note(context, kInspection, note);
}

Result<std::optional<BackupNote>> last_backup(const Context& context) {
  return find_note(context, kBackup);
}

Result<std::optional<InspectionNote>> last_inspection(const Context& context) {
  return find_note(context, kInspection);
}

Status stage_refusals(storage::Batch& batch, const Context& context, const std::string& writer,
                      const std::map<ErrorCode, std::int64_t>& counts, Instant now) {
  const std::string name = std::string(kRefusals) + writer;
  const Instant hour = std::chrono::floor<std::chrono::hours>(now);
  auto found = find_refusals(context, name, hour);
  if (!found && face_of(found.error().code) == Face::unavailable) return tl::unexpected<Error>(found.error());
  HourlyRefusals refusals = found ? *std::move(found) : HourlyRefusals{hour, {}, {}};
  for (const auto& [code, count] : counts) refusals.counts[std::string(countersign::name_of(code))] += count;
  batch.put(name, context.seal.close(name, Json::object()
                                               .set("version", 1)
                                               .set("hour", format_time(refusals.hour))
                                               .set("counts", written(refusals.counts))
                                               .set("before", written(refusals.before))));
  return ok();
}

Result<RecentRefusals> recent_refusals(const Context& context, Instant now) {
  const Instant hour = std::chrono::floor<std::chrono::hours>(now);
  RecentRefusals recent{hour - kHour, {}};
  for (const std::string& name : TRY(context.medium.list(kRefusals, "", kWritersMax))) {
    const HourlyRefusals refusals = TRY(find_refusals(context, name, hour));
    for (const auto& [code, count] : refusals.counts) recent.counts[code] += count;
    for (const auto& [code, count] : refusals.before) recent.counts[code] += count;
  }
  return recent;
}

}  // namespace countersign::auth::upkeep
