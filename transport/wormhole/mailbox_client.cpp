#include "transport/wormhole/mailbox_client.hpp"

#include <algorithm>

namespace countersign::transport::wormhole {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNoMoment = milliseconds::max();

}  // namespace

void WormholeOwner::take_loss(const Error&, milliseconds) {}

void MailboxClient::post(std::function<void(Wormhole&)> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  interrupt_.wake();
}

void MailboxClient::do_posted() {
  std::deque<std::function<void(Wormhole&)>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (const auto& one : work) one(wormhole_);
}

void MailboxClient::give_events() {
  while (const auto event = wormhole_.next_event()) owner_.take(*event, wormhole_);
}

milliseconds MailboxClient::next_moment() const {
  return std::min(lonely_at_.value_or(kNoMoment), gone_at_.value_or(kNoMoment));
}

void MailboxClient::keep_time() {
  if (!lonely_at_ || clock_.monotonic() < *lonely_at_) return;
  lonely_at_.reset();
  gone_at_ = clock_.monotonic() + settings_.farewell;
  wormhole_.close(Mood::lonely);
}

Status MailboxClient::run() {
  wait_ = settings_.first_wait;
  if (settings_.deadline) lonely_at_ = clock_.monotonic() + *settings_.deadline;
  for (;;) {
    do_posted();
    keep_time();
    give_events();
    if (wormhole_.ended()) return ok();
    if (interrupt_.stopped()) return fail(ErrorCode::failed, "stopped");
    if (gone_at_ && clock_.monotonic() >= *gone_at_)
      return fail(ErrorCode::network_failed, "no mailbox to take leave of");
    Status went = ok();
    if (auto websocket = WebSocket::open(settings_.url, settings_.socket, clock_, rng_, interrupt_)) {
      wormhole_.connected();
      went = converse(**websocket);
      (*websocket)->close();
      wormhole_.lost();
    } else {
      went = tl::unexpected<Error>(websocket.error());
    }
    give_events();
    if (wormhole_.ended() || interrupt_.stopped()) continue;
    if (!went && went.error().code == ErrorCode::usage) return went;
    if (!went) {
      owner_.take_loss(went.error(), wait_);
      wait_between(wait_);
      wait_ = std::min(wait_ + wait_ / 2, settings_.longest_wait);
    }
  }
}

// ok when the wormhole has ended or was stopped.
Status MailboxClient::converse(WebSocket& websocket) {
  for (;;) {
    do_posted();
    keep_time();
    TRY(tell(websocket));
    if (wormhole_.ended() || interrupt_.stopped()) return ok();
    if (gone_at_ && clock_.monotonic() >= *gone_at_)
      return fail(ErrorCode::network_failed, "the mailbox does not close");
    const auto said = TRY(websocket.receive(next_moment()));
    if (!said) continue;
    const auto answer = parse_answer(*said);
    if (!answer) {
      // It would be said again at every connection.
      wormhole_.give_up("the mailbox says what is no message of its protocol: " + answer.error().detail);
      continue;
    }
    if (std::holds_alternative<Welcome>(*answer)) wait_ = settings_.first_wait;
    wormhole_.receive(*answer);
  }
}

Status MailboxClient::tell(WebSocket& websocket) {
  give_events();
  for (const MailboxCommand& command : wormhole_.take_commands()) TRY(websocket.send(write_command(command)));
  return ok();
}

void MailboxClient::wait_between(milliseconds wait) {
  const auto until = std::min(clock_.monotonic() + wait, next_moment());
  // A moment of silence is kept in full, whatever was posted meanwhile: the mailbox is not there to hear it.
  for (;;) {
    const Awaited awaited = wait_for(-1, 0, Patience{clock_, interrupt_, until});
    if (awaited == Awaited::late || interrupt_.stopped()) return;
    do_posted();
    if (wormhole_.ended()) return;
  }
}

}  // namespace countersign::transport::wormhole
