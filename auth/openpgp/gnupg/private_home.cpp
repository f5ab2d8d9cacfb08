#include "auth/openpgp/gnupg/private_home.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "storage/base/file_descriptor.hpp"
#include "storage/write_all.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

// With a count of its own the agent does not measure the machine for seconds first; it is the highest there is, for a
// key that is to be protected. It asks nobody and nothing: a key that has a passphrase is made and handed over with it
// (loopback), and the keys it works with have none.
constexpr std::string_view kAgentConfiguration =
    "s2k-count 65011712\n"
    "pinentry-program /bin/false\n"
    "disable-scdaemon\n"
    "no-allow-external-cache\n"
    "allow-loopback-pinentry\n";

// What is written in whatever time zone the machine is in is UTC.
std::string gpg_time(Instant instant) {
  constexpr std::int64_t kLast = 4'294'967'295;  // gpg's times have 32 bits
  const std::time_t seconds = std::clamp<std::int64_t>(unix_seconds(instant), 1, kLast);
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y%m%dT%H%M%S!", &fields);
  return std::string(text, size);
}

tl::unexpected<Error> broken(const std::string& what, int error) {
  return fail(ErrorCode::openpgp_unavailable, what + ": " + std::strerror(error));
}

}  // namespace

std::string gpg_configuration(Instant now, HashRule rule) {
  std::string out =
      "no-autostart\nbatch\nno-tty\nno-greeting\ntrust-model always\nno-auto-check-trustdb\nno-auto-key-retrieve\n"
      "no-auto-key-locate\ndisable-dirmngr\nno-permission-warning\n"
      "cipher-algo AES256\ndigest-algo SHA512\ncert-digest-algo SHA512\n"
      "default-preference-list SHA512 SHA384 SHA256 AES256 AES192 AES Uncompressed\n";
  switch (rule) {
    case HashRule::strict:
      out += "weak-digest SHA1\nweak-digest RIPEMD160\nweak-digest SHA224\n";
      break;
    case HashRule::any_hash:
      out += "allow-weak-digest-algos\nignore-time-conflict\n";
      break;
  }
  return out + "faked-system-time " + gpg_time(now) + "\n";
}

Result<PrivateHome> PrivateHome::make(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0) return broken(folder.string(), errno);
  return PrivateHome(folder.string());
}

Status PrivateHome::set(Instant now, HashRule rule) {
  std::string configuration = gpg_configuration(now, rule);
  if (configuration == configuration_) return ok();
  TRY(write("gpg.conf", configuration));
  configuration_ = std::move(configuration);
  return ok();
}

Status PrivateHome::hold(ByteView certificate) {
  return write("pubring.gpg", as_text(certificate));
}

Status PrivateHome::write(const char* name, std::string_view text) {
  const std::string path = path_ + "/" + name;
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return broken(path, errno);
  return storage::write_all(file.get(), as_bytes(text)) ? ok() : broken(path, errno);
}

Status PrivateHome::start_agent() {
  TRY(write("gpg-agent.conf", kAgentConfiguration));
  // Told not to detach, it stays in our process group. What we start returns as soon as its socket is there.
  const char* const arguments[] = {"gpg-agent", "--homedir", path_.c_str(), "--daemon", "--no-detach", nullptr};
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, "gpg-agent", nullptr, nullptr, const_cast<char* const*>(arguments), environ);
  if (error != 0) return broken("gpg-agent cannot be started; is it installed?", error);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return broken("gpg-agent", errno);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(ErrorCode::openpgp_unavailable, "gpg-agent did not start");
  }
  return ok();
}

bool PrivateHome::has_agent() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = path_ + "/S.gpg-agent";
  if (path.size() >= sizeof address.sun_path) return false;
  path.copy(address.sun_path, path.size());
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return socket.get() >= 0 && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace countersign::auth::openpgp::gnupg
