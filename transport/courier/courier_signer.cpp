#include "transport/courier/courier_signer.hpp"

#include <utility>

#include "auth/openpgp/gate/armor.hpp"
#include "storage/base/text.hpp"
#include "storage/base/text_encoding.hpp"
#include "transport/courier/courier_name.hpp"

namespace countersign::transport::courier {
namespace {

Result<std::string> read_text(const CourierFolder& folder, Place place, std::string_view name) {
  auto text = decode_text(TRY(folder.read(place, name)));
  if (!text) return fail(text.error().code, "'" + escape_for_display(name) + "': " + text.error().detail);
  if (auth::openpgp::gate::is_cut_off(*text)) {
    return fail(ErrorCode::file_incomplete,
                "'" + escape_for_display(name) + "' does not end with the END line of an armor");
  }
  return text;
}

bool is_there(const CourierFolder& folder, Place place, std::string_view name) {
  const auto text = folder.read(place, name);
  return text || text.error().code != ErrorCode::not_found;
}

bool is_answered(const CourierFolder& folder, std::string_view id) {
  return read_text(folder, Place::inbox, response_name(id)) || is_there(folder, Place::done, response_name(id)) ||
         is_there(folder, Place::outbox, outbox_name(id, OutboxKind::session)) ||
         is_there(folder, Place::outbox, outbox_name(id, OutboxKind::refused));
}

Result<CourierFiles> read_outbox(const CourierFolder& folder, OutboxKind kind, bool unanswered_only) {
  const Listing listing = TRY(folder.list(Place::outbox, [&](std::string_view name) {
    const auto parsed = parse_outbox_name(name);
    return parsed && parsed->kind == kind && !(unanswered_only && is_answered(folder, parsed->id));
  }));
  CourierFiles out;
  out.beyond = listing.beyond;
  for (const std::string& name : listing.names) {
    const auto parsed = parse_outbox_name(name);
    out.files.push_back({parsed->id, read_text(folder, Place::outbox, name)});
  }
  return out;
}

}  // namespace

Result<CourierFiles> read_challenges(CourierFolder& folder) {
  return read_outbox(folder, OutboxKind::challenge, true);
}

Result<CourierFiles> read_grants(CourierFolder& folder) {
  return read_outbox(folder, OutboxKind::session, false);
}

Result<std::vector<Result<std::string>>> read_server_certificates(CourierFolder& folder) {
  std::vector<Result<std::string>> out;
  for (const std::string& name : TRY(folder.list(Place::outbox, is_server_file)).names) {
    out.push_back(read_text(folder, Place::outbox, name));
  }
  return out;
}

Status write_response(CourierFolder& folder, std::string_view id, std::string_view text) {
  if (!is_file_id(id)) return fail(ErrorCode::malformed_name, "'" + escape_for_display(id) + "' is no id of a file");
  if (!is_whole(text)) return fail(ErrorCode::file_incomplete, "a response ends with the END line of an armor");
  TRY(folder.make(Place::inbox));
  return folder.write(Place::inbox, response_name(id), text);
}

}  // namespace countersign::transport::courier
