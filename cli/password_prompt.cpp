// Terminal::ask_password: apart from the rest of the terminal, since it alone changes how the terminal behaves.
#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "cli/terminal.hpp"
#include "storage/base/file_descriptor.hpp"

namespace countersign::cli {
namespace {

constexpr std::size_t kLineBytesMax = 4096;  // what a terminal gives at once
constexpr std::uint8_t kInterrupt = 3;

// Nothing that is typed is shown, and what would end or stop the program waits, so that the terminal is put back.
class Unseen {
 public:
  explicit Unseen(int tty) : tty_(tty) {
    sigset_t waiting;
    sigemptyset(&waiting);
    for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP}) sigaddset(&waiting, signal);
    pthread_sigmask(SIG_BLOCK, &waiting, &mask_);
    works_ = tcgetattr(tty_, &before_) == 0;
    if (!works_) return;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    now.c_lflag |= ICANON | ECHONL;
    now.c_cc[VEOL] = kInterrupt;  // Ctrl-C ends the line
    works_ = tcsetattr(tty_, TCSAFLUSH, &now) == 0;
  }
  ~Unseen() {
    if (works_) tcsetattr(tty_, TCSAFLUSH, &before_);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  bool works() const { return works_; }

 private:
  int tty_;
  bool works_ = false;
  termios before_{};
  sigset_t mask_{};
};

Result<Secret> read_line(int tty, const std::string& prompt) {
  constexpr const char* kNone = "no password was given";
  if (::write(tty, prompt.data(), prompt.size()) != static_cast<ssize_t>(prompt.size())) {
    return fail(ErrorCode::failed, "the terminal could not be written to");
  }
  Secret line(kLineBytesMax);
  ssize_t size = 0;
  do {
    size = ::read(tty, line.writable().data(), line.size());
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return fail(ErrorCode::failed, kNone);
  const auto bytes = line.reveal().first(static_cast<std::size_t>(size));
  if (bytes.back() == kInterrupt) return fail(ErrorCode::failed, kNone);
  if (bytes.back() != '\n') return fail(ErrorCode::failed, "the line was not ended, or is too long");
  return Secret(bytes.first(bytes.size() - 1));
}

}  // namespace

Result<Secret> Terminal::ask_password(std::string_view question, std::string_view instead) {
  const FileDescriptor tty(::open(shape_.tty_path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  const Unseen unseen(tty.get());
  if (!unseen.works()) {
    return fail(ErrorCode::usage, fmt::format("there is no terminal to ask at; pass {}", instead));
  }
  const std::string asked = escape_lines(question);
  Secret first = TRY(read_line(tty.get(), asked + ": "));
  const Secret second = TRY(read_line(tty.get(), asked + ", again: "));
  if (!equal_constant_time(first.reveal(), second.reveal())) {
    return fail(ErrorCode::failed, "the two are not the same; nothing was changed");
  }
  return first;
}

}  // namespace countersign::cli
