// One side of a wormhole in a test: its facts, its object, and what it was told.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fake_rng.hpp"
#include "transport/wormhole/wormhole.hpp"

namespace countersign::test {

class WormholeSide {
 public:
  // Without a code: one is made.
  explicit WormholeSide(const std::string& code = {}, const std::string& appid = "example.org/test") {
    facts_.appid = appid;
    facts_.side = transport::wormhole::draw_side(rng_).value();
    facts_.scalar = transport::wormhole::draw_pake_scalar(rng_).value();
    if (!code.empty()) facts_.code = transport::wormhole::parse_code(code).value();
    renew();
  }

  // As after a restart: from what was stored, and nothing else.
  void renew() {
    events.clear();
    wormhole_.emplace(transport::wormhole::Wormhole::begin(facts_, rng_).value());
  }
  transport::wormhole::Wormhole& wormhole() { return *wormhole_; }
  const std::string& side() const { return facts_.side; }
  std::string code() const { return facts_.code ? std::string(facts_.code->text.reveal_text()) : std::string(); }
  const std::string& mailbox() const { return facts_.mailbox; }
  FakeRng& rng() { return rng_; }
  void send(std::string_view text) {
    transport::wormhole::Wormhole& w = *wormhole_;
    sent.push_back(w.send(Secret(as_bytes(text))).has_value());
  }

  // Stores what is to be stored and notes the rest.
  void take() {
    using namespace transport::wormhole;
    while (auto event = wormhole_->next_event()) {
      if (const auto* made = std::get_if<CodeMade>(&*event)) facts_.code = made->code, events.push_back("code");
      if (const auto* came = std::get_if<PeerCame>(&*event)) facts_.mailbox = came->mailbox, events.push_back("came");
      if (const auto* agreed = std::get_if<KeyAgreed>(&*event)) {
        verifier = hex(agreed->verifier.reveal());
        events.push_back("agreed");
      }
      if (std::holds_alternative<PeerVersion>(*event)) events.push_back("version");
      if (const auto* got = std::get_if<Received>(&*event))
        events.push_back("text " + std::string(got->text.reveal_text()));
      if (std::holds_alternative<WrongGuess>(*event)) events.push_back("wrong");
      if (std::holds_alternative<Crowded>(*event)) events.push_back("crowded");
      if (const auto* failed = std::get_if<WormholeFailed>(&*event)) events.push_back("failed " + failed->why);
      if (const auto* ended = std::get_if<Ended>(&*event))
        events.push_back("ended " + std::string(name_of(ended->mood)));
    }
  }
  bool has(const std::string& event) { return std::count(events.begin(), events.end(), event) == 1; }

  std::vector<std::string> events;
  std::vector<bool> sent;
  std::string verifier;

 private:
  FakeRng rng_;
  transport::wormhole::WormholeFacts facts_;
  std::optional<transport::wormhole::Wormhole> wormhole_;
};

}  // namespace countersign::test
