// Taking an account's certificate anew: the same key, with a later end, another subkey, or a revocation of one.
//
// What the account had and the new copy lacks stays, so that an older copy takes no revocation back. One batch:
// certificate, metadata for what it is encrypted to now, account record, epoch. Sessions and challenges end with it,
// since a subkey that opened them may be revoked by it.
#pragma once

#include <string>

#include "auth/context.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"

namespace countersign::auth::keys {

struct Refreshed {
  records::Account account;
  bool changed = false;  // false: the account knew all of it, and nothing was written
};

// By an administrator, without proof: every signature in it is by the key that the account has. not_found,
// account_not_active, key_taken where it is another key; as check_enrollable for what both copies say together.
Result<Refreshed> refresh_certificate(const Context& context, const std::string& account,
                                      const openpgp::gate::GatedCertificate& copy, const Visit& visit);

}  // namespace countersign::auth::keys
