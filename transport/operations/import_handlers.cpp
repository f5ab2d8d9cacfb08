#include "storage/base/text.hpp"
#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

Json report_fields(const auth::accounts::LegacyReport& report) {
  std::string why(auth::accounts::text_of(report.oddity));
  if (!report.detail.empty()) why += ": " + report.detail;
  return Json::object()
      .set("account", report.account)
      .set("fate", name_of(auth::accounts::fate_of(report.oddity)))
      .set("oddity", auth::accounts::name_of(report.oddity))
      .set("why", std::move(why));
}

// JSON holds no other text; of a name that is none, what is ASCII stays. Whoever shows it escapes it.
std::string in_utf8(const std::string& name) {
  if (is_utf8(name)) return name;
  std::string out;
  for (const char c : name) out += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : "\xEF\xBF\xBD";
  return out;
}

Json count(std::size_t number) {
  return Json(static_cast<std::int64_t>(number));
}

}  // namespace

Result<Json> import_accounts(const Message& message, auth::accounts::LegacyImport& importing) {
  JsonReader reader(message.fields);
  auth::accounts::LegacyImportOrder order;
  order.folder = TRY(reader.text("folder"));
  order.skip_strays = TRY(reader.boolean_or("skip_strays", false));
  order.dry_run = TRY(reader.boolean_or("dry_run", false));
  TRY(reader.finish());
  const auto summary = TRY(importing.run(order, message.progress, visit_of(message)));
  Json reports = Json::array();
  for (const auto& report : summary.reports) reports.push(report_fields(report));
  Json strays = Json::array();
  for (const auto& stray : summary.strays)
    strays.push(Json::object().set("name", in_utf8(stray.name)).set("why", stray.why));
  return Json::object()
      .set("found", count(summary.found))
      .set("taken_over", count(summary.taken_over))
      .set("present", count(summary.present))
      .set("left_out", count(summary.left_out))
      .set("revoked", count(summary.revoked))
      .set("denied", count(summary.denied))
      .set("without_password", count(summary.without_password))
      .set("dry_run", order.dry_run)
      .set("reports", std::move(reports))
      .set("strays", std::move(strays));
}

}  // namespace countersign::transport
