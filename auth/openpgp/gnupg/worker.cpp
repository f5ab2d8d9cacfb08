#include "auth/openpgp/gnupg/worker.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include "auth/openpgp/gnupg/channel.hpp"
#include "auth/openpgp/gnupg/limits.hpp"
#include "auth/openpgp/gnupg/public_keyring.hpp"
#include "auth/openpgp/gnupg/secret_keyring.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

namespace fs = std::filesystem;

constexpr int kUsage = 2;
constexpr int kFailed = 1;

// The server's watchdog is the one that counts. This one is for a worker whose server is gone: it ends gpg and the
// agent too, which are of the same process group.
extern "C" void end_group(int) {
  ::kill(0, SIGKILL);
}

class Worker {
 public:
  // What it left of private files goes with it; the agent ends when its home is gone.
  ~Worker() {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  Result<Reply> answer(const Request& request) {
    return std::visit([this](const auto& one) -> Result<Reply> { return perform(one); }, request);
  }

 private:
  Result<Reply> perform(const PrepareRequest& request) {
    if (public_keys_) return fail(ErrorCode::openpgp_unavailable, "a worker is prepared once");
    folder_ = request.folder;
    public_keys_ = std::make_unique<PublicKeyring>(TRY(PrivateHome::make(folder_ / "p")));
    switch (request.place) {
      case KeyPlace::nowhere:
        break;
      case KeyPlace::handed_over:
        server_key_ = TRY(take_key(TRY(PrivateHome::make(folder_ / "k")), request.secret_key));
        break;
      case KeyPlace::operators_home:
        server_key_ = TRY(use_key(request.operators_home, request.operators_key));
        break;
    }
    return CertificateReply{server_key_ ? server_key_->certificate() : Bytes()};
  }

  Result<Reply> perform(const InspectRequest& request) {
    TRY(check_prepared());
    return TRY(public_keys_->inspect(request));
  }
  Result<Reply> perform(const VerifyRequest& request) {
    TRY(check_prepared());
    return TRY(public_keys_->verify(request));
  }
  Result<Reply> perform(const EncryptRequest& request) {
    TRY(check_prepared());
    return TRY(public_keys_->encrypt(request));
  }
  Result<Reply> perform(const SignRequest& request) {
    if (!server_key_) return fail(ErrorCode::openpgp_unavailable, "this engine holds no server key");
    return TRY(server_key_->sign(request));
  }
  Result<Reply> perform(const LookRequest&) {
    if (!server_key_) return fail(ErrorCode::openpgp_unavailable, "this engine holds no server key");
    TRY(server_key_->look());
    return LookReply{};
  }
  Result<Reply> perform(const GenerateRequest& request) {
    TRY(check_prepared());
    // A new name each time: the agent of the last one removes its sockets by name when it ends.
    const fs::path home = folder_ / ("g" + std::to_string(++generated_));
    auto made = generate_key(TRY(PrivateHome::make(home)), request);
    std::error_code error;
    fs::remove_all(home, error);
    if (error) return fail(ErrorCode::openpgp_unavailable, home.string() + ": " + error.message());
    return TRY(std::move(made));
  }

  Status check_prepared() const {
    if (public_keys_) return ok();
    return fail(ErrorCode::openpgp_unavailable, "a worker is prepared first");
  }

  fs::path folder_;
  unsigned generated_ = 0;
  std::unique_ptr<PublicKeyring> public_keys_;
  std::unique_ptr<SecretKeyring> server_key_;
};

// The server knows only three ways in which an engine fails.
Reply failure_of(const Error& error) {
  if (error.code == ErrorCode::key_locked) return FailureReply{error};
  const ErrorCode code = error.code == ErrorCode::certificate_refused || error.code == ErrorCode::packet_refused ||
                                 error.code == ErrorCode::unknown_version
                             ? ErrorCode::certificate_refused
                             : ErrorCode::openpgp_unavailable;
  return FailureReply{{code, error.detail}};
}

std::chrono::seconds limit_of(const Request& request) {
  if (std::holds_alternative<GenerateRequest>(request)) return kGenerateLimit;
  return kFirstUseLimit;
}

// Whether there is to be another one.
bool serve_one(Channel& channel, Worker& worker) {
  const auto received = channel.receive(std::nullopt);
  if (!received.value) return false;
  const auto request = read_request(received.value->frame());
  if (!request) return false;
  ::alarm(static_cast<unsigned>(limit_of(*request).count()) * 2);
  auto answered = worker.answer(*request);
  ::alarm(0);
  auto reply = write_reply(answered ? *answered : failure_of(answered.error()));
  if (!reply) return false;
  const auto fault = channel.send(*reply, std::nullopt);
  wipe(*reply);
  return !fault;
}

}  // namespace

int run_worker() {
  struct stat status {};
  if (::fstat(kWorkerSocket, &status) != 0 || !S_ISSOCK(status.st_mode)) return kUsage;
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGALRM, &end_group);
  ::umask(0077);
  // Only we hold it: gpg and the agent must not keep the server's socket open.
  const int socket = ::fcntl(kWorkerSocket, F_DUPFD_CLOEXEC, kWorkerSocket + 1);
  if (socket < 0) return kFailed;
  ::close(kWorkerSocket);
  Channel channel{FileDescriptor(socket)};
  Worker worker;
  while (serve_one(channel, worker)) {
  }
  return 0;
}

}  // namespace countersign::auth::openpgp::gnupg
