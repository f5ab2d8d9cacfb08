#include "cli/challenge_request.hpp"

#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"

namespace countersign::cli {

Arguments ChallengePurpose::arguments(std::vector<std::string> purposes) {
  return {
      Argument("--purpose", &purpose, "login (the default), or one of the others").one_of(std::move(purposes)),
      {"--reason", &reason, "For revoke: key_compromised, key_superseded, key_retired, no_longer_valid or unspecified"},
      {"--new-public-key", &new_public_key, "For rotate: the file with the next certificate"},
  };
}

Result<Json> purpose_fields(const ChallengePurpose& purpose, Terminal& terminal) {
  using auth::openpgp::gate::kCertificateReadBytesMax;
  // Else who forgot --purpose would ask for a login.
  if (!purpose.public_key.empty() && purpose.purpose != "enrol") {
    return fail(ErrorCode::usage, "--public-key is for --purpose enrol");
  }
  if (!purpose.new_public_key.empty() && purpose.purpose != "rotate") {
    return fail(ErrorCode::usage, "--new-public-key is for --purpose rotate");
  }
  if (!purpose.reason.empty() && purpose.purpose != "revoke") {
    return fail(ErrorCode::usage, "--reason is for --purpose revoke");
  }
  if (purpose.new_public_key.empty() && purpose.purpose == "rotate") {
    return fail(ErrorCode::usage, "--purpose rotate needs --new-public-key, the file with the next certificate");
  }
  Json fields = Json::object();
  if (!purpose.purpose.empty()) fields.set("purpose", purpose.purpose);
  if (!purpose.public_key.empty()) {
    fields.set("public_key", TRY(read_certificate(purpose.public_key, kCertificateReadBytesMax, terminal)));
  }
  if (!purpose.new_public_key.empty()) {
    fields.set("new_public_key", TRY(read_certificate(purpose.new_public_key, kCertificateReadBytesMax, terminal)));
  }
  if (!purpose.reason.empty()) fields.set("reason", purpose.reason);
  return fields;
}

}  // namespace countersign::cli
