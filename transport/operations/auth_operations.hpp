// The operations as the Authenticator carries them out.
#pragma once

#include "transport/operations/operation.hpp"

namespace countersign::transport {

class AuthOperations final : public Operations {
 public:
  explicit AuthOperations(auth::Authenticator& authenticator) : authenticator_(authenticator) {}
  Result<Json> run(const Message& message) override;

 private:
  auth::Authenticator& authenticator_;
};

}  // namespace countersign::transport
