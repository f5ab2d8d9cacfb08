// Wormholes against the programs that people have: a mailbox, wormhole 0.12.0 in Python and wormhole-william 1.0.6 in
// Go, as Debian 12 has them.
#include <catch2/catch.hpp>

#include <future>

#include "storage/base/text.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/mailbox_server.hpp"
#include "tests/support/unwrapped.hpp"
#include "tests/support/waiting.hpp"
#include "tests/support/wormhole_user.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

using Texts = std::vector<std::string>;

const std::string kPython = "/usr/bin/wormhole";
const std::string kWilliam = "/usr/bin/wormhole-william";
const Texts kPrograms = {kPython, kWilliam};

// One of the programs, running. It is ended where it does not end.
class Stranger {
 public:
  Stranger(const MailboxServer& server, const std::string& program, Texts arguments) {
    arguments.insert(arguments.begin(), {"timeout", "50", program, "--relay-url", server.url().text()});
    run_ = std::async(std::launch::async, [arguments] { return run_program(arguments, "", {"LC_ALL=C.UTF-8"}); });
  }
  ProgramRun end() { return run_.get(); }
  // What it printed, and a line with its exit code where that is not 0.
  std::string said() {
    const ProgramRun run = end();
    return run.output + (run.exit_code == 0 ? "" : "failed: " + run.error);
  }

 private:
  std::future<ProgramRun> run_;
};

std::string with_other_words(const std::string& code) {
  return code.substr(0, code.find('-')) + "-wrong-words";
}

}  // namespace

TEST_CASE("a text goes from us to the real programs, and from them to us") {
  const MailboxServer server;
  const std::string text = "line one\nline two: \"quoted\", caf\xc3\xa9";
  for (const std::string& program : kPrograms) {
    CAPTURE(program);
    const auto sender = WormholeUser::sender(server.url(), text);
    Stranger receiver(server, program, {"receive", sender->wait_for_code()});
    CHECK(sender->wait_for_end() == "delivered");
    CHECK(trimmed(receiver.said()).starts_with(text));

    const std::string code = program == kPython ? "7701-spoken-code" : "7702-spoken-code";
    const auto us = WormholeUser::receiver(server.url(), code);
    Stranger them(server, program, {"send", "--code", code, "--text", text});
    CHECK(us->wait_for_end() == "delivered");
    CHECK(us->texts() == Texts{text});
    CHECK(them.end().exit_code == 0);
  }
}

TEST_CASE("a wrong code ends both sides, whichever program has it") {
  const MailboxServer server;
  for (const std::string& program : kPrograms) {
    CAPTURE(program);
    const auto sender = WormholeUser::sender(server.url(), "secret text");
    Stranger receiver(server, program, {"receive", with_other_words(sender->wait_for_code())});
    CHECK(sender->wait_for_end() == "wrong_guess");
    const ProgramRun run = receiver.end();
    CHECK(run.exit_code != 0);
    CHECK((run.output + run.error).find("secret text") == std::string::npos);

    const std::string code = program == kPython ? "7703-spoken-code" : "7704-spoken-code";
    Stranger them(server, program, {"send", "--code", code, "--text", "secret text"});
    const auto us = WormholeUser::receiver(server.url(), with_other_words(code));
    CHECK(us->wait_for_end() == "wrong_guess");
    CHECK(us->texts().empty());
    CHECK(them.end().exit_code != 0);
  }
}

TEST_CASE("an offer of a file is refused in words that the sender reads") {
  const MailboxServer server;
  const ScratchFolder folder;
  const std::string file = folder.path() / "file.txt";
  run_program({"cp", "/etc/os-release", file}, "");
  const std::string code = "7705-spoken-code";
  const auto us = WormholeUser::receiver(server.url(), code);
  // Without a listener of its own, whose port another program might take first.
  Stranger them(server, kPython, {"--transit-helper", "tcp:127.0.0.1:9", "send", "--no-listen", "--code", code, file});
  const ProgramRun run = them.end();
  CAPTURE(run.output, run.error);
  CHECK(run.exit_code != 0);
  CHECK(unwrapped(run.output + run.error).find("only a text is taken here, and no file") != std::string::npos);
  CHECK(us->wait_for_end() == "unfit");
}

TEST_CASE("a third side crowds the wormhole of two") {
  MailboxServer server;
  const auto sender = WormholeUser::sender(server.url(), "secret text");
  const std::string code = sender->wait_for_code();
  const std::string nameplate = code.substr(0, code.find('-'));
  sender->stop();  // so that it does not end at the first guess
  const auto first = WormholeUser::receiver(server.url(), nameplate + "-first-guess");
  const auto second = WormholeUser::receiver(server.url(), nameplate + "-second-guess");
  // Whichever of the two is the later one.
  wait_until([&] { return first->has_ended() || second->has_ended(); });
  CHECK((first->has_ended() ? first : second)->wait_for_end() == "crowded");
  sender->start();
  CHECK(sender->wait_for_end() == "crowded");
  CHECK(first->texts().empty());
  CHECK(second->texts().empty());
}

TEST_CASE("a code outlives its mailbox, with its memory and without") {
  for (const bool remembers : {true, false}) {
    CAPTURE(remembers);
    MailboxServer server;
    const auto sender = WormholeUser::sender(server.url(), "text");
    const std::string code = sender->wait_for_code();
    server.kill();
    if (!remembers) server.forget();
    server.start();
    Stranger receiver(server, remembers ? kPython : kWilliam, {"receive", code});
    CHECK(sender->wait_for_end() == "delivered");
    CHECK(receiver.said() == "text\n");
  }
}

TEST_CASE("a code outlives its owner, made anew from what was stored") {
  const MailboxServer server;
  for (const std::string& program : kPrograms) {
    CAPTURE(program);
    // After the code was made: the owner is away while the peer comes.
    const auto early = WormholeUser::sender(server.url(), "text");
    const std::string code = early->wait_for_code();
    early->stop();
    Stranger receiver(server, program, {"receive", code});
    early->start();
    early->wait_for_peer();
    // After the peer's pake, and so before the text or behind it.
    early->restart();
    CHECK(early->wait_for_end() == "delivered");
    CHECK(receiver.said() == "text\n");
  }
  // After the text was sent: the receiver is away until the sender was made anew, and is made anew itself.
  const auto sender = WormholeUser::sender(server.url(), "text");
  const auto receiver = WormholeUser::receiver(server.url(), sender->wait_for_code());
  sender->wait_for_peer();
  receiver->wait_for_peer();
  receiver->stop();
  sender->restart();
  sender->stop();
  receiver->start();
  sender->start();
  CHECK(sender->wait_for_end() == "delivered");
  CHECK(receiver->wait_for_end() == "delivered");
  for (const std::string& text : receiver->texts()) CHECK(text == "text");
  CHECK_FALSE(receiver->texts().empty());
}
