#include "tests/support/mailbox_server.hpp"

namespace countersign::test {

MailboxServer::MailboxServer() {
  start();
}

void MailboxServer::kill() {
  process_.reset();
}

void MailboxServer::start() {
  const std::string port = "tcp:" + std::to_string(port_.number()) + ":interface=127.0.0.1";
  const std::string database = "--channel-db=" + (folder_.path() / "channels").string();
  process_ = std::make_unique<Proxy>(
      std::vector<std::string>{"/usr/bin/python3", "-m", "twisted", "wormhole-mailbox", "--port", port, database},
      folder_.path() / "log");
  process_->wait_for(port_.number());
}

void MailboxServer::forget() {
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    if (entry.path().filename() != "log") std::filesystem::remove_all(entry.path());
  }
}

}  // namespace countersign::test
