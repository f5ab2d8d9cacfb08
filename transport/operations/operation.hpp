// One message, several carriers: what a carrier hands to an operation and gets back.
//
// The table says for every operation which carriers may bring it, who may ask, what limits it, and how large it may be,
// on one screen. A carrier decides nothing about trust; it turns bytes into a Message and a reply into bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "storage/base/json.hpp"
#include "storage/base/progress.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth {
class Authenticator;
}

namespace countersign::transport {

enum class Carrier : std::uint8_t { http = 1, courier = 2, local = 4 };

enum class Guard {
  none,           // the message itself is the proof, or there is nothing to protect
  bearer,         // a session token
  administrator,  // whoever can open the data folder: the local carrier only
};

struct Message {
  std::string_view operation;  // its name in the table
  Carrier carrier = Carrier::http;
  Json fields = Json::object();  // the members of a JSON or form body, or of the command line
  std::string text;              // a body that is an OpenPGP text: clear-signed responses and certificates
  Secret token;                  // from Authorization: Bearer, else empty
  std::string source;            // who brought it: an address, "courier", "local"; foreign text
  Progress progress = {};        // of the local carrier, else empty
};

// What a message over a network takes from what its source may do (auth/throttle/limits.hpp).
enum class Limit : std::uint8_t {
  none,
  // One request, before anything is asked of an account.
  request,
  // The same; or, where the message has a `password` and names an account, one guess at that account's password.
  proof,
  // One request for a token that opened nothing. A token that opens is never limited.
  bad_token,
};

// Whether a stranger may ask it of any account: then the answer says nothing of the account, not even whether it is
// there (S28).
enum class Answer : std::uint8_t { plain, even };

// What takes rights away is written on a full disk too, in the room of the ballast.
enum class Rights : std::uint8_t { kept, taken_away };

struct Operation {
  std::string_view name;
  std::uint8_t carriers;  // a sum of Carrier
  Guard guard;
  Limit limit;
  Answer answer;
  Rights rights;
  std::size_t body_bytes_max;
  Result<Json> (*carry_out)(auth::Authenticator&, const Message&);
};

class Operations {
 public:
  virtual ~Operations() = default;
  // Runs one operation: checks carrier, size, guard and limit, parses, calls auth, names the answer's fields. An
  // operation without an answer returns null. Any thread at any time. Refusals are logged here and nowhere else.
  virtual Result<Json> run(const Message& message) = 0;
};

// The whole table, and one row of it (a null pointer for an unknown name).
std::span<const Operation> operation_table();
const Operation* find_operation(std::string_view name);

}  // namespace countersign::transport
