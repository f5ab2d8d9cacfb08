// The client's https against openssl s_server: a certificate counts if the system trusts it and it is the host's.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/http_wire.hpp"
#include "transport/http/client.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::http;

namespace {

constexpr const char* kOpenssl = "/usr/bin/openssl";

pid_t run(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", 1, 0);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", 1, 0);
  pid_t process = -1;
  const int error = posix_spawn(&process, kOpenssl, &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  REQUIRE(error == 0);
  return process;
}

// A TLS server with a certificate of its own making for one name.
class TlsServer {
 public:
  explicit TlsServer(const std::string& name) {
    std::string folder = (std::filesystem::temp_directory_path() / "countersign-tls-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    certificate = folder + "/cert.pem";
    const pid_t made = run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=" + name, "-keyout",
                            folder + "/key.pem", "-out", certificate});
    int status = -1;
    waitpid(made, &status, 0);
    REQUIRE(status == 0);
    process_ = run({"openssl", "s_server", "-accept", "127.0.0.1:" + std::to_string(port.number()), "-cert",
                    certificate, "-key", folder + "/key.pem", "-www", "-quiet"});
    for (int i = 0; i < 1000 && !Wire(port.number()).connected(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ~TlsServer() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  const KeptPort port;
  std::string certificate;

 private:
  std::filesystem::path folder_;
  pid_t process_ = -1;
};

Result<HttpReply> ask_by_tls(const TlsServer& server, bool trusted) {
  if (trusted) setenv("SSL_CERT_FILE", server.certificate.c_str(), 1);
  auto client = HttpClient::open("https://127.0.0.1:" + std::to_string(server.port.number()));
  REQUIRE(client.has_value());
  auto reply = client->get("/");
  unsetenv("SSL_CERT_FILE");
  return reply;
}

}  // namespace

TEST_CASE("https asks a server whose certificate is trusted and its own and no other") {
  if (access(kOpenssl, X_OK) != 0) {
    WARN("openssl is not installed: not shown here");
    return;
  }
  TlsServer server("IP:127.0.0.1");
  const auto trusted = ask_by_tls(server, true);
  REQUIRE(trusted.has_value());
  CHECK(trusted->status == 200);
  CHECK_FALSE(trusted->body.empty());
  const auto unknown = ask_by_tls(server, false);
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == ErrorCode::network_failed);
  CHECK(unknown.error().detail.find("SSL_CERT_FILE=FILE makes an authority of one's own known") != std::string::npos);
  TlsServer another("DNS:auth.example.org");
  const auto of_another = ask_by_tls(another, true);
  REQUIRE_FALSE(of_another.has_value());
  CHECK(of_another.error().detail.find("certificate is not for that name") != std::string::npos);
}
