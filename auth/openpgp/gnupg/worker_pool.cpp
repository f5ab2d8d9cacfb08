#include "auth/openpgp/gnupg/worker_pool.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "auth/base/log.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

tl::unexpected<Error> unavailable(std::string detail) {
  return fail(ErrorCode::openpgp_unavailable, std::move(detail));
}

std::string words_on(ChannelFault fault) {
  switch (fault) {
    case ChannelFault::closed:
      return "the GnuPG worker ended";
    case ChannelFault::late:
      return "the GnuPG worker did not answer in time and was ended";
    case ChannelFault::malformed:
      return "the GnuPG worker did not speak as it should and was ended";
    case ChannelFault::broken:
      return "the GnuPG worker cannot be talked to and was ended";
  }
  return {};
}

Result<Reply> read_received(const ReceivedFrame& received) {
  Reply reply = TRY(read_reply(received.frame()));
  if (const auto* const failure = std::get_if<FailureReply>(&reply)) return tl::unexpected<Error>(failure->error);
  return reply;
}

}  // namespace

class WorkerPool::Loan {
 public:
  Loan(WorkerPool& pool, Slot& slot) : pool_(pool), slot_(slot) {}
  ~Loan() { pool_.give_back(slot_); }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

 private:
  WorkerPool& pool_;
  Slot& slot_;
};

WorkerPool::WorkerPool(PoolOptions options, RunFolder folder, PrepareRequest prepare)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      prepare_(std::move(prepare)),
      slots_(options_.workers) {}

WorkerPool::~WorkerPool() {
  for (Slot& slot : slots_) end_in(slot);
}

Result<CertificateReply> WorkerPool::start() {
  CertificateReply first;
  for (Slot& slot : slots_) {
    const Reply reply = TRY(start_in(slot));
    first = std::get<CertificateReply>(reply);
  }
  return first;
}

Result<Reply> WorkerPool::ask(const Request& request, std::chrono::milliseconds limit) {
  Bytes frame = TRY(write_request(request));
  auto reply = ask_in_frame(frame, limit);
  wipe(frame);
  return reply;
}

Result<Reply> WorkerPool::ask_in_frame(ByteView frame, std::chrono::milliseconds limit) {
  Slot* const slot = borrow();
  if (slot == nullptr) return unavailable("every GnuPG worker is busy");
  const Loan loan(*this, *slot);
  constexpr int kTries = 2;
  for (int i = 1;; ++i) {
    if (!slot->process || !slot->process->channel().is_quiet()) TRY(start_in(*slot));
    auto received = exchange(*slot, frame, limit);
    if (received.value) {
      auto reply = read_received(*received.value);
      if (reply || reply.error().code != ErrorCode::malformed_message) return reply;
      received.fault = ChannelFault::malformed;
    }
    end_in(*slot);
    log_event(LogLevel::warning, "gnupg worker replaced", {{"reason", words_on(received.fault)}});
    if (received.fault != ChannelFault::closed || i == kTries) return unavailable(words_on(received.fault));
  }
}

ChannelResult<ReceivedFrame> WorkerPool::exchange(Slot& slot, ByteView frame, std::chrono::milliseconds limit) {
  const Deadline deadline = deadline_in(limit);
  Channel& channel = slot.process->channel();
  if (const auto fault = channel.send(frame, deadline)) return {std::nullopt, *fault};
  return channel.receive(deadline);
}

Result<Reply> WorkerPool::start_in(Slot& slot) {
  end_in(slot);
  {
    // A new name each time: whatever the last one left running knows only the old one.
    const std::lock_guard lock(mutex_);
    slot.folder = folder_.path() / std::to_string(++started_);
  }
  if (::mkdir(slot.folder.c_str(), 0700) != 0) {
    return unavailable(slot.folder.string() + ": " + std::strerror(errno));
  }
  {
    auto process = TRY(WorkerProcess::start(options_.program, options_.arguments));
    const std::lock_guard lock(mutex_);
    slot.process.emplace(std::move(process));
  }
  PrepareRequest prepare = prepare_;
  prepare.folder = slot.folder.string();
  Bytes frame = TRY(write_request(prepare));
  auto received = exchange(slot, frame, options_.start_limit);
  wipe(frame);
  Result<Reply> reply = unavailable(words_on(received.fault) + " while it started");
  if (received.value) reply = read_received(*received.value);
  if (reply && !std::holds_alternative<CertificateReply>(*reply))
    reply = unavailable(words_on(ChannelFault::malformed));
  if (!reply) {
    end_in(slot);
    if (reply.error().code == ErrorCode::malformed_message) return unavailable(words_on(ChannelFault::malformed));
  }
  return reply;
}

// With what it left on disk.
void WorkerPool::end_in(Slot& slot) {
  std::optional<WorkerProcess> process;
  {
    const std::lock_guard lock(mutex_);
    if (slot.process) process.emplace(*std::move(slot.process));
    slot.process.reset();
  }
  process.reset();
  if (!slot.folder.empty()) remove_folder(slot.folder);
}

WorkerPool::Slot* WorkerPool::borrow() {
  std::unique_lock lock(mutex_);
  Slot* found = nullptr;
  const auto is_free = [&] {
    for (Slot& slot : slots_) {
      if (slot.busy) continue;
      // One that runs rather than one that has to be started.
      if (found == nullptr || (!found->process && slot.process)) found = &slot;
    }
    return found != nullptr;
  };
  if (!given_back_.wait_for(lock, options_.queue_limit, is_free)) return nullptr;
  found->busy = true;
  return found;
}

void WorkerPool::give_back(Slot& slot) {
  {
    const std::lock_guard lock(mutex_);
    slot.busy = false;
  }
  given_back_.notify_one();
}

std::vector<pid_t> WorkerPool::pids() const {
  const std::lock_guard lock(mutex_);
  std::vector<pid_t> found;
  for (const Slot& slot : slots_) {
    if (slot.process) found.push_back(slot.process->pid());
  }
  return found;
}

}  // namespace countersign::auth::openpgp::gnupg
