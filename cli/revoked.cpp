#include "cli/revoked.hpp"

namespace countersign::cli {

Json revocation_for_people(const Json& record) {
  return Json::object()
      .set("account", *record.find("user_id"))
      .set("fingerprint", *record.find("fingerprint"))
      .set("reason", *record.find("reason"))
      .set("note", *record.find("note"))
      .set("revoked_at", *record.find("revoked_at"))
      .set("by", *record.find("by"))
      .set("signed", !record.find("signature")->is_null());
}

}  // namespace countersign::cli
