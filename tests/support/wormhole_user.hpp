// Somebody who exchanges one text through a real mailbox with our own client: in a thread, ended and made anew from
// what was stored at any moment.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "auth/base/clock.hpp"
#include "auth/base/rng.hpp"
#include "transport/wormhole/text_exchange.hpp"

namespace countersign::test {

class WormholeUser {
 public:
  // Sends the text, under a code that is made where none is given.
  static std::unique_ptr<WormholeUser> sender(const transport::wormhole::MailboxUrl& url, const std::string& text,
                                              const std::string& code = {});
  static std::unique_ptr<WormholeUser> receiver(const transport::wormhole::MailboxUrl& url, const std::string& code);
  ~WormholeUser();

  // As the end of the process and a new one: nothing is kept but what was stored.
  void restart();
  void stop();
  void start();

  // Each throws where it does not come about within a minute.
  std::string wait_for_code();
  void wait_for_peer();
  std::string wait_for_end();  // the outcome's name
  bool has_ended() const;
  // Texts that came, each time one came.
  std::vector<std::string> texts() const;
  std::string why() const;

 private:
  class Owner;
  using MakeExchange = std::function<std::unique_ptr<transport::wormhole::TextExchange>()>;
  WormholeUser(const transport::wormhole::MailboxUrl& url, const std::string& code);

  auth::SystemClock clock_;
  auth::SystemRng rng_;
  transport::wormhole::MailboxClientSettings settings_;
  MakeExchange make_;
  mutable std::mutex mutex_;  // what follows
  transport::wormhole::WormholeFacts facts_;
  std::vector<std::string> texts_;
  std::optional<transport::wormhole::TextEnd> end_;
  // Of this run.
  std::unique_ptr<Owner> owner_;
  std::optional<transport::wormhole::Wormhole> wormhole_;
  std::unique_ptr<transport::wormhole::MailboxClient> client_;
  std::future<void> run_;
};

}  // namespace countersign::test
