// Whatever a stranger sends to an operation, it is answered or refused with a face that a stranger may see, and opens
// or enrols nothing: nobody here holds a key.
//
//   session.open http        the operation and the carrier
//   {"challenge": ...}       a JSON body, or any other text for a body that is OpenPGP
#include <filesystem>

#include "auth/authenticator.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/upkeep/founding.hpp"
#include "storage/memory_medium.hpp"
#include "tests/support/fuzz.hpp"
#include "transport/operations/auth_operations.hpp"

using namespace countersign;
using transport::Carrier;

namespace {

// A store in memory, founded once.
class Target {
 public:
  Target() {
    std::string scratch = (std::filesystem::temp_directory_path() / "countersign-fuzz-XXXXXX").native();
    FUZZ_CHECK(::mkdtemp(scratch.data()) != nullptr);
    const std::filesystem::path folder = std::filesystem::path(scratch) / "secrets";
    const auto generator = auth::openpgp::rnp::RnpOpenPgp::open(Secret());
    FUZZ_CHECK(generator.has_value());
    const std::string name = "https://auth.example.org";
    const auto fingerprint = auth::upkeep::found_store({name, folder, "fuzz"}, medium_, **generator, clock_, rng_);
    FUZZ_CHECK(fingerprint.has_value());
    auto secrets = auth::secrets::Secrets::load(folder, Instant());
    FUZZ_CHECK(secrets.has_value());
    auto key = auth::openpgp::gate::dearmor("PGP PRIVATE KEY BLOCK", secrets->server_key_armored().reveal_text());
    FUZZ_CHECK(key.has_value());
    auto engine = auth::openpgp::rnp::RnpOpenPgp::open(Secret::take(*key));
    FUZZ_CHECK(engine.has_value());
    engine_ = *std::move(engine);
    auth::Policies policies;
    policies.rate_limit = false;
    policies.registration = auth::Registration::open;
    auto opened = auth::Authenticator::open({name, *fingerprint, folder / "floor", "fuzz", policies},
                                            *std::move(secrets), medium_, *engine_, clock_, rng_);
    FUZZ_CHECK(opened.has_value());
    authenticator_ = *std::move(opened);
    operations_ = std::make_unique<transport::AuthOperations>(*authenticator_);
    std::filesystem::remove_all(scratch);
  }

  Result<Json> run(const transport::Message& message) { return operations_->run(message); }
  bool is_empty(std::string_view folder) {
    const auto names = medium_.list(folder, "", 1);
    FUZZ_CHECK(names.has_value());
    return names->empty();
  }

 private:
  auth::SystemClock clock_;
  auth::SystemRng rng_;
  storage::MemoryMedium medium_;
  std::unique_ptr<auth::openpgp::OpenPgp> engine_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<transport::AuthOperations> operations_;
};

bool may_be_shown(Face face) {
  switch (face) {
    case Face::malformed:
    case Face::denied:
    case Face::conflict:
      return true;
    case Face::slow_down:    // no limit is on
    case Face::unavailable:  // nothing is out of order
    case Face::not_found:
    case Face::integrity:
    case Face::failed:
      return false;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  static Target target;
  const std::string input = to_string({data, size_bytes});
  const auto line_end = std::min(input.find('\n'), input.size());
  const std::string line = input.substr(0, line_end);
  const auto blank = std::min(line.find(' '), line.size());
  const std::string operation = line.substr(0, blank);
  const std::string carrier = blank < line.size() ? line.substr(blank + 1) : std::string();
  // What an administrator does is no stranger's input.
  const transport::Operation* row = transport::find_operation(operation);
  if (row != nullptr && row->guard == transport::Guard::administrator && carrier == "local") return 0;

  transport::Message message;
  message.operation = operation;
  message.carrier = carrier == "courier" ? Carrier::courier : carrier == "local" ? Carrier::local : Carrier::http;
  message.source = "192.0.2.7";
  message.token = Secret(as_bytes("cs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"));
  const std::string body = line_end < input.size() ? input.substr(line_end + 1) : std::string();
  if (auto json = parse_json(body)) {
    message.fields = *std::move(json);
  } else {
    message.text = body;
  }
  const auto answer = target.run(message);
  if (!answer) FUZZ_CHECK(may_be_shown(public_face_of(answer.error().code)));
  FUZZ_CHECK(target.is_empty("users/"));
  FUZZ_CHECK(target.is_empty("sessions/"));
  FUZZ_CHECK(target.is_empty("consumed/"));
  return 0;
}
