// Which operation, brought by which carriers, guarded how, taking rights away or not, at most how large: one table on
// one screen.
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
    //         name                 carriers          guard                 rights              body, bytes at most
    Operation{"health.show",        kHttp,            Guard::none,           Rights::kept,       0},
    Operation{"ready.show",         kHttp | kLocal,   Guard::none,           Rights::kept,       0},
    Operation{"server.show",        kAny,             Guard::none,           Rights::kept,       0},
    Operation{"challenge.issue",    kAny,             Guard::none,           Rights::kept,       kCertificate},
    Operation{"account.enrol",      kHttp | kLocal,   Guard::none,           Rights::kept,       kCertificate},
    Operation{"key.hand_out",       kHttp,            Guard::none,           Rights::kept,       kResponse},
    Operation{"account.hold",       kCourier,         Guard::none,           Rights::kept,       kResponse},
    Operation{"session.open",       kAny,             Guard::none,           Rights::kept,       kResponse},
    Operation{"key.revoke",         kAny,             Guard::none,           Rights::taken_away, kResponse},
    Operation{"key.rotate",         kAny,             Guard::none,           Rights::taken_away, kCertificate},
    Operation{"response.redeem",    kCourier | kLocal, Guard::none,          Rights::taken_away, kCertificate},
    Operation{"session.show",       kHttp,            Guard::bearer,         Rights::kept,       0},
    Operation{"session.authz",      kHttp,            Guard::bearer,         Rights::kept,       0},
    Operation{"session.refresh",    kHttp,            Guard::bearer,         Rights::kept,       kSmall},
    Operation{"session.end",        kHttp,            Guard::bearer,         Rights::taken_away, kSmall},
    Operation{"session.list",       kHttp,            Guard::bearer,         Rights::kept,       0},
    Operation{"session.end_all",    kHttp,            Guard::bearer,         Rights::taken_away, kSmall},
    Operation{"session.end_one",    kHttp,            Guard::bearer,         Rights::taken_away, kSmall},
    Operation{"account.add",        kLocal,           Guard::administrator,  Rights::kept,       kLocalFile},
    Operation{"account.import",     kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"account.confirm",    kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"account.list",       kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"account.show",       kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"account.sessions",   kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"account.session",    kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"account.session_end", kLocal,          Guard::administrator,  Rights::taken_away, kSmall},
    Operation{"password.change",    kHttp,            Guard::none,           Rights::kept,       kResponse},
    Operation{"password.set",       kLocal,           Guard::administrator,  Rights::kept,       kResponse},
    Operation{"password.remove",    kLocal,           Guard::administrator,  Rights::taken_away, kSmall},
    Operation{"account.revoke",     kLocal,           Guard::administrator,  Rights::taken_away, kSmall},
    Operation{"account.restore",    kLocal,           Guard::administrator,  Rights::kept,       kLocalFile},
    Operation{"account.rotate",     kLocal,           Guard::administrator,  Rights::taken_away, kLocalFile},
    Operation{"account.key",        kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"account.delete",     kLocal,           Guard::administrator,  Rights::taken_away, kSmall},
    Operation{"revocation.export",  kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"revocation.apply",   kLocal,           Guard::administrator,  Rights::taken_away, kExport},
    Operation{"audit.list",         kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"audit.verify",       kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"server_key.show",    kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"server_key.extend",  kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"server_key.refresh", kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"server_key.replace", kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"secret.list",        kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"secret.rotate",      kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"secret.reseal",      kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"secret.retire",      kLocal,           Guard::administrator,  Rights::kept,       kSmall},
    Operation{"clock.accept",       kLocal,           Guard::administrator,  Rights::kept,       kSmall},
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
