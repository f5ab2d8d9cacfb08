#include "auth/openpgp/gnupg/agent.hpp"

#include <vector>

#include "auth/openpgp/gnupg/gpgme_handles.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

constexpr std::size_t kAnswerBytesMax = 64u << 10;

}  // namespace

Result<Secret> ask_agent(const std::string& home, const char* command, ErrorCode code) {
  const Context context = TRY(open_context(home, code));  // for its start of the library
  const char* programs = gpgme_get_dirinfo("bindir");
  if (programs == nullptr) return fail(code, "GnuPG does not say where its programs are");
  gpgme_error_t error = gpgme_set_protocol(context.get(), GPGME_PROTOCOL_SPAWN);
  const std::string program = std::string(programs) + "/gpg-connect-agent";
  std::vector<const char*> arguments = {program.c_str()};
  if (!home.empty()) arguments.insert(arguments.end(), {"--homedir", home.c_str()});
  arguments.insert(arguments.end(), {command, "/bye", nullptr});
  const Data answer = TRY(empty_data(code));
  if (error == 0) {
    error = gpgme_op_spawn(context.get(), program.c_str(), arguments.data(), nullptr, answer.get(), nullptr, 0);
  }
  if (error != 0) return fail(code, words_on("gpg-agent cannot be asked", error));
  return bytes_of(answer.get(), kAnswerBytesMax, code);
}

Status check_agent(const std::string& home) {
  const Secret answer = TRY(ask_agent(home, "GETINFO pid", ErrorCode::gnupg_failed));
  if (!answer.empty()) return ok();
  return fail(ErrorCode::gnupg_failed, "gpg-agent, which holds your keys, does not start; `gpg -K` says why");
}

}  // namespace countersign::auth::openpgp::gnupg
