#include "tests/support/wormhole_user.hpp"

#include "tests/support/waiting.hpp"

namespace countersign::test {

using namespace transport::wormhole;
using namespace std::chrono_literals;

// Stores what is to be stored, and leaves the rest to the exchange.
class WormholeUser::Owner final : public WormholeOwner {
 public:
  Owner(WormholeUser& user, std::unique_ptr<TextExchange> exchange) : user_(user), exchange_(std::move(exchange)) {}
  void take(const WormholeEvent& event, Wormhole& wormhole) override {
    {
      const std::lock_guard lock(user_.mutex_);
      if (const auto* made = std::get_if<CodeMade>(&event)) user_.facts_.code = made->code;
      if (const auto* came = std::get_if<PeerCame>(&event)) user_.facts_.mailbox = came->mailbox;
    }
    exchange_->take(event, wormhole);
    const std::lock_guard lock(user_.mutex_);
    if (std::holds_alternative<Ended>(event)) user_.end_ = exchange_->end();
  }

 private:
  WormholeUser& user_;
  std::unique_ptr<TextExchange> exchange_;
};

WormholeUser::WormholeUser(const MailboxUrl& url, const std::string& code) {
  settings_.url = url;
  settings_.first_wait = 50ms;
  settings_.longest_wait = 400ms;
  facts_.appid = kTextAppid;
  facts_.side = draw_side(rng_).value();
  facts_.scalar = draw_pake_scalar(rng_).value();
  if (!code.empty()) facts_.code = parse_code(code).value();
}

std::unique_ptr<WormholeUser> WormholeUser::sender(const MailboxUrl& url, const std::string& text,
                                                   const std::string& code) {
  std::unique_ptr<WormholeUser> user(new WormholeUser(url, code));
  user->make_ = [text] { return std::make_unique<TextSender>(Secret(as_bytes(text))); };
  user->start();
  return user;
}

std::unique_ptr<WormholeUser> WormholeUser::receiver(const MailboxUrl& url, const std::string& code) {
  std::unique_ptr<WormholeUser> user(new WormholeUser(url, code));
  user->make_ = [&user = *user] {
    return std::make_unique<TextReceiver>([&user](const Secret& text) {
      const std::lock_guard lock(user.mutex_);
      user.texts_.emplace_back(text.reveal_text());
      return ok();
    });
  };
  user->start();
  return user;
}

WormholeUser::~WormholeUser() {
  stop();
}

void WormholeUser::start() {
  owner_ = std::make_unique<Owner>(*this, make_());
  {
    const std::lock_guard lock(mutex_);
    wormhole_.emplace(Wormhole::begin(facts_, rng_).value());
  }
  client_ = std::make_unique<MailboxClient>(settings_, *wormhole_, *owner_, clock_, rng_);
  run_ = std::async(std::launch::async, [client = client_.get()] { static_cast<void>(client->run()); });
}

void WormholeUser::stop() {
  if (!client_) return;
  client_->stop();
  run_.get();
  client_.reset();
  wormhole_.reset();
  owner_.reset();
}

void WormholeUser::restart() {
  stop();
  start();
}

std::string WormholeUser::wait_for_code() {
  wait_until([&] {
    const std::lock_guard lock(mutex_);
    return facts_.code.has_value();
  });
  return std::string(facts_.code->text.reveal_text());
}

void WormholeUser::wait_for_peer() {
  wait_until([&] {
    const std::lock_guard lock(mutex_);
    return !facts_.mailbox.empty();
  });
}

bool WormholeUser::has_ended() const {
  const std::lock_guard lock(mutex_);
  return end_.has_value();
}

std::string WormholeUser::wait_for_end() {
  wait_until([&] { return has_ended(); });
  return std::string(name_of(end_->outcome));
}

std::vector<std::string> WormholeUser::texts() const {
  const std::lock_guard lock(mutex_);
  return texts_;
}

std::string WormholeUser::why() const {
  const std::lock_guard lock(mutex_);
  return end_ ? end_->why : std::string();
}

}  // namespace countersign::test
