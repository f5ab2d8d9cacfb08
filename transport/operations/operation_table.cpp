// Which operation, brought by which carriers, guarded how, at most how large: one table on one screen.
#include <algorithm>
#include <array>

#include "transport/operations/operation.hpp"

namespace countersign::transport {
namespace {

constexpr std::uint8_t kHttp = static_cast<std::uint8_t>(Carrier::http);
constexpr std::uint8_t kCourier = static_cast<std::uint8_t>(Carrier::courier);
constexpr std::uint8_t kLocal = static_cast<std::uint8_t>(Carrier::local);
constexpr std::uint8_t kAny = kHttp | kCourier | kLocal;

constexpr std::size_t kSmall = 4u << 10;          // names and flags
constexpr std::size_t kResponse = 64u << 10;      // a signed response
constexpr std::size_t kCertificate = 128u << 10;  // a response with a certificate
constexpr std::size_t kLocalFile = 4u << 20;      // a certificate from a local file
constexpr std::size_t kExport = 64u << 20;        // a list of revocations, some 180 bytes a line

// clang-format off
constexpr std::array kTable = {
    //         name                 carriers          guard                  body, bytes at most
    Operation{"health.show",        kHttp,            Guard::none,           0},
    Operation{"ready.show",         kHttp | kLocal,   Guard::none,           0},
    Operation{"server.show",        kAny,             Guard::none,           0},
    Operation{"challenge.issue",    kAny,             Guard::none,           kCertificate},
    Operation{"account.enrol",      kHttp | kLocal,   Guard::none,           kCertificate},
    Operation{"key.hand_out",       kHttp,            Guard::none,           kResponse},
    Operation{"account.hold",       kCourier,         Guard::none,           kResponse},
    Operation{"session.open",       kAny,             Guard::none,           kResponse},
    Operation{"key.revoke",         kAny,             Guard::none,           kResponse},
    Operation{"key.rotate",         kAny,             Guard::none,           kCertificate},
    Operation{"response.redeem",    kCourier | kLocal, Guard::none,          kCertificate},
    Operation{"session.show",       kHttp,            Guard::bearer,         0},
    Operation{"session.authz",      kHttp,            Guard::bearer,         0},
    Operation{"session.refresh",    kHttp,            Guard::bearer,         kSmall},
    Operation{"session.end",        kHttp,            Guard::bearer,         kSmall},
    Operation{"session.list",       kHttp,            Guard::bearer,         0},
    Operation{"session.end_all",    kHttp,            Guard::bearer,         kSmall},
    Operation{"session.end_one",    kHttp,            Guard::bearer,         kSmall},
    Operation{"account.add",        kLocal,           Guard::administrator,  kLocalFile},
    Operation{"account.import",     kLocal,           Guard::administrator,  kSmall},
    Operation{"account.confirm",    kLocal,           Guard::administrator,  kSmall},
    Operation{"account.list",       kLocal,           Guard::administrator,  kSmall},
    Operation{"account.show",       kLocal,           Guard::administrator,  kSmall},
    Operation{"account.sessions",   kLocal,           Guard::administrator,  kSmall},
    Operation{"account.session",    kLocal,           Guard::administrator,  kSmall},
    Operation{"account.session_end", kLocal,          Guard::administrator,  kSmall},
    Operation{"password.change",    kHttp,            Guard::none,           kResponse},
    Operation{"password.set",       kLocal,           Guard::administrator,  kResponse},
    Operation{"password.remove",    kLocal,           Guard::administrator,  kSmall},
    Operation{"account.revoke",     kLocal,           Guard::administrator,  kSmall},
    Operation{"account.restore",    kLocal,           Guard::administrator,  kLocalFile},
    Operation{"account.rotate",     kLocal,           Guard::administrator,  kLocalFile},
    Operation{"account.key",        kLocal,           Guard::administrator,  kSmall},
    Operation{"account.delete",     kLocal,           Guard::administrator,  kSmall},
    Operation{"revocation.export",  kLocal,           Guard::administrator,  kSmall},
    Operation{"revocation.apply",   kLocal,           Guard::administrator,  kExport},
    Operation{"audit.list",         kLocal,           Guard::administrator,  kSmall},
    Operation{"audit.verify",       kLocal,           Guard::administrator,  kSmall},
    Operation{"server_key.show",    kLocal,           Guard::administrator,  kSmall},
    Operation{"server_key.extend",  kLocal,           Guard::administrator,  kSmall},
    Operation{"server_key.refresh", kLocal,           Guard::administrator,  kSmall},
    Operation{"server_key.replace", kLocal,           Guard::administrator,  kSmall},
    Operation{"secret.list",        kLocal,           Guard::administrator,  kSmall},
    Operation{"secret.rotate",      kLocal,           Guard::administrator,  kSmall},
    Operation{"secret.reseal",      kLocal,           Guard::administrator,  kSmall},
    Operation{"secret.retire",      kLocal,           Guard::administrator,  kSmall},
    Operation{"clock.accept",       kLocal,           Guard::administrator,  kSmall},
};
// clang-format on

}  // namespace

std::span<const Operation> operation_table() {
  return kTable;
}

const Operation* find_operation(std::string_view name) {
  const auto found = std::find_if(kTable.begin(), kTable.end(), [&](const Operation& row) { return row.name == name; });
  return found == kTable.end() ? nullptr : &*found;
}

}  // namespace countersign::transport
