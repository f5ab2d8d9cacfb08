#include "auth/accounts/metadata.hpp"

namespace countersign::auth {

Result<std::string> seal_metadata(const Context& context, const Account& account, const openpgp::Enrollable& checked,
                                  const Moment& moment) {
  const std::string text = write_json(Json::object()
                                          .set("version", 1)
                                          .set("username", account.username)
                                          .set("account", account.id)
                                          .set("fingerprint", account.fingerprint.upper())
                                          .set("created_at", format_time(account.created_at)));
  return context.engine.seal(
      {checked.certificate, checked.encryption_key.fingerprint, text, !account.show_key_id, moment.wall});
}

}  // namespace countersign::auth
