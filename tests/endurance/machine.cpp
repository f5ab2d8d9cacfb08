#include "tests/endurance/machine.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "tests/support/machine_use.hpp"

namespace countersign::test {
namespace {

constexpr std::array<const char*, Machine::kServers> kInstances = {"one", "two"};
constexpr std::size_t kLogBytesKept = 4000;

std::string tail_of(const std::string& text) {
  return text.size() <= kLogBytesKept ? text : text.substr(text.size() - kLogBytesKept);
}

// Every password costs as little as a setting allows, or the processor does nothing else.
constexpr std::array<const char*, 3> kSettings = {"COUNTERSIGN_RATE_LIMIT=off", "COUNTERSIGN_PASSWORD_MEMORY_MIB=8",
                                                  "COUNTERSIGN_PASSWORD_PASSES=1"};

}  // namespace

SetClock::SetClock(const std::filesystem::path& file) : file_(file) {
  write_file(file, std::string(sizeof(std::int64_t), '\0'));
  const int descriptor = open(file.c_str(), O_RDWR | O_CLOEXEC);
  void* const mapped = descriptor < 0
                           ? MAP_FAILED
                           : mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (descriptor >= 0) close(descriptor);
  if (mapped == MAP_FAILED) throw std::runtime_error("cannot share " + file.string());
  shared_ = static_cast<std::int64_t*>(mapped);
}

SetClock::~SetClock() {
  munmap(shared_, sizeof *shared_);
}

bool SetClock::can_be_set() {
  return std::string_view(COUNTERSIGN_SHIFTED_CLOCK) != "";
}

std::vector<std::string> SetClock::environment() const {
  if (!can_be_set()) return {};
  return {std::string("LD_PRELOAD=") + COUNTERSIGN_SHIFTED_CLOCK, "SHIFTED_CLOCK=" + file_.string()};
}

void SetClock::set(Seconds ahead) {
  set_back(ahead, ahead);
}

void SetClock::set_back(Seconds ahead, Seconds latest) {
  const std::lock_guard lock(mutex_);
  ++changes_;
  if (ahead < ahead_) set_backs_.push_back(std::chrono::floor<Seconds>(std::chrono::system_clock::now()) + ahead);
  ahead_ = ahead;
  latest_ = latest;
  __atomic_store_n(shared_, ahead.count(), __ATOMIC_RELEASE);
}

void SetClock::settle() {
  const std::lock_guard lock(mutex_);
  ++changes_;
  latest_ = ahead_;
}

std::vector<Instant> SetClock::set_backs(std::size_t known) const {
  const std::lock_guard lock(mutex_);
  return {set_backs_.begin() + static_cast<std::ptrdiff_t>(known), set_backs_.end()};
}

SetClock::Reading SetClock::read() const {
  const std::lock_guard lock(mutex_);
  const Instant now = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
  return {changes_, ahead_, {now + ahead_, now + latest_, ahead_ == latest_}};
}

When SetClock::between(const Reading& before, const Reading& after) {
  return {std::min(before.when.from, after.when.from), std::max(before.when.to, after.when.to),
          before.changes == after.changes && before.when.steady};
}

Machine::Machine(const std::string& storage) : installation_(storage), clock_(installation_.folder() / "clock") {}

std::vector<std::string> Machine::environment() const {
  std::vector<std::string> environment = installation_.environment(nullptr);
  environment.insert(environment.end(), kSettings.begin(), kSettings.end());
  for (std::string& entry : clock_.environment()) environment.push_back(std::move(entry));
  return environment;
}

void Machine::start(std::size_t server) {
  std::vector<std::string> of_server = environment();
  of_server.push_back(std::string("COUNTERSIGN_INSTANCE=") + kInstances.at(server));
  servers_.at(server) = std::make_unique<RunningServer>(installation_, std::vector<std::string>(), of_server);
  ports_.at(server) = servers_[server]->port();
}

int Machine::stop(std::size_t server, int signal) {
  // Before the port is anybody's again.
  ports_.at(server) = 0;
  note_rss(server);
  const int ended = servers_.at(server)->stop(signal);
  ended_logs_ = tail_of(ended_logs_ + servers_[server]->log());
  servers_[server].reset();
  return ended;
}

void Machine::signal(std::size_t server, int signal) const {
  kill(servers_.at(server)->pid(), signal);
}

std::string Machine::fallen() const {
  for (std::size_t i = 0; i < kServers; ++i) {
    if (!servers_[i]) continue;
    siginfo_t info{};
    const auto id = static_cast<id_t>(servers_[i]->pid());
    if (waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
      return std::string("server ") + kInstances[i] + " ended by itself, with " + std::to_string(info.si_status);
    }
  }
  return {};
}

std::string Machine::logs() const {
  std::string text = "logs of ended servers:\n" + ended_logs_;
  for (std::size_t i = 0; i < kServers; ++i) {
    if (servers_[i]) text += std::string("\nlog of server ") + kInstances[i] + ":\n" + tail_of(servers_[i]->log());
  }
  return text;
}

void Machine::note_rss(std::size_t server) {
  if (!servers_[server]) return;
  peak_rss_kib_ = std::max(peak_rss_kib_, use_of(servers_[server]->pid()).peak_rss_kib);
}

std::int64_t Machine::peak_rss_kib() {
  for (std::size_t i = 0; i < kServers; ++i) note_rss(i);
  return peak_rss_kib_;
}

std::vector<std::string> Machine::command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), COUNTERSIGN_PROGRAM);
  return arguments;
}

ProgramRun Machine::run(std::vector<std::string> arguments, std::string_view input) const {
  const std::shared_lock lock(commands_);
  return run_program(command(std::move(arguments)), input, environment());
}

}  // namespace countersign::test
