#include "transport/wormhole/wormhole.hpp"

#include "storage/base/text.hpp"
#include "transport/wormhole/keys.hpp"
#include "transport/wormhole/phase_body.hpp"

namespace countersign::transport::wormhole {
namespace {

// A mailbox that goes away twice at our farewell need not hear it again.
constexpr int kClosesToldMax = 2;

}  // namespace

Result<std::string> draw_side(auth::Rng& rng) {
  return hex(TRY(auth::random_bytes(rng, kSideBytes)));
}

Result<Wormhole> Wormhole::begin(WormholeFacts facts, auth::Rng& rng, std::size_t words) {
  if (!is_lower_hex(facts.side, 2 * kSideBytes)) return fail(ErrorCode::malformed_message, "a side is 10 hex digits");
  const auto appid = to_nfc(facts.appid);
  if (!appid || appid->empty()) return fail(ErrorCode::malformed_message, "no appid");
  facts.appid = *appid;
  if (facts.scalar.size() != kScalarBytes) return fail(ErrorCode::malformed_message, "a scalar has 32 bytes");
  if (!facts.code && !facts.mailbox.empty()) return fail(ErrorCode::malformed_message, "a mailbox without a code");
  Wormhole wormhole(std::move(facts), rng, words);
  if (wormhole.facts_.code) TRY(wormhole.begin_pake());
  return wormhole;
}

Status Wormhole::begin_pake() {
  pake_ = TRY(Spake2::begin(facts_.code->text, facts_.appid, facts_.scalar));
  outbox_.put(kPakePhase, pake_body(pake_->message()));
  return ok();
}

void Wormhole::connected() {
  if (ended()) return;
  stage_ = Stage::greeting;
  release_told_ = false;
  outbox_.forget_held();
}

void Wormhole::lost() {
  if (ended()) return;
  commands_.clear();
  stage_ = Stage::apart;
  if (closes_told_ >= kClosesToldMax) end(*closing_);
}

void Wormhole::receive(const MailboxAnswer& answer) {
  if (ended()) return;
  std::visit([this](const auto& said) { on(said); }, answer);
}

void Wormhole::on(const Welcome& welcome) {
  if (stage_ != Stage::greeting) return;
  if (!welcome.error.empty()) give_up("the mailbox says: " + welcome.error);
  if (welcome.permission_asked) give_up("the mailbox wants a permission that this program cannot get");
  if (!welcome.error.empty() || welcome.permission_asked) return end(*closing_);
  commands_.emplace_back(Bind{facts_.appid, facts_.side});
  if (!facts_.mailbox.empty()) return enter_mailbox();
  if (facts_.code) {
    commands_.emplace_back(Claim{facts_.code->nameplate});
    stage_ = Stage::claiming;
    return;
  }
  commands_.emplace_back(Allocate{});
  stage_ = Stage::allocating;
}

void Wormhole::on(const Allocated& allocated) {
  if (stage_ != Stage::allocating) return;
  auto code = make_code(allocated.nameplate, words_, *rng_);
  if (!code) return give_up(code.error().detail);
  facts_.code = *std::move(code);
  if (const Status begun = begin_pake(); !begun) return give_up(begun.error().detail);
  events_.emplace_back(CodeMade{*facts_.code});
  commands_.emplace_back(Claim{facts_.code->nameplate});
  stage_ = Stage::claiming;
}

void Wormhole::on(const Claimed& claimed) {
  if (stage_ != Stage::claiming) return;
  mailbox_ = claimed.mailbox;
  enter_mailbox();
}

void Wormhole::enter_mailbox() {
  commands_.emplace_back(Open{mailbox_});
  if (!facts_.mailbox.empty()) release();
  commands_.emplace_back(Ping{++pings_});
  stage_ = Stage::replaying;
}

void Wormhole::on(const Released&) {
  released_ = true;
}

void Wormhole::on(const Pong& pong) {
  if (stage_ != Stage::replaying || pong.number != pings_) return;
  stage_ = Stage::open;
  tell();
}

void Wormhole::on(const PhaseMessage& message) {
  if (stage_ != Stage::replaying && stage_ != Stage::open) return;
  if (message.side == facts_.side) return outbox_.mark_held(message.phase);
  if (closing_) return;
  if (message.phase == kPakePhase) {
    if (!peer_.has_key()) take_pake(message);
    return;
  }
  if (peer_.has_key()) return take_closed(message);
  if (const Status held = peer_.hold(message); !held) give_up(held.error().detail);
}

void Wormhole::take_pake(const PhaseMessage& message) {
  facts_.mailbox = mailbox_;
  events_.emplace_back(PeerCame{mailbox_});
  release();
  const auto pake = parse_pake_body(message.body);
  auto key = pake ? pake_->finish(*pake) : Result<Secret>(tl::unexpected<Error>(pake.error()));
  if (!key) {
    events_.emplace_back(WrongGuess{key.error().detail});
    return close(Mood::scary);
  }
  key_ = *key;
  peer_.begin(message.side, *std::move(key));
  events_.emplace_back(KeyAgreed{verifier_of(key_)});
  const Bytes version = version_body(Json::object());
  auto body = close_body(phase_key(key_, facts_.side, kVersionPhase), version, *rng_);
  if (!body) return give_up(body.error().detail);
  outbox_.put(kVersionPhase, *std::move(body));
  tell();
  for (const PhaseMessage& held : peer_.take_held()) {
    if (!closing_) take_closed(held);
  }
}

void Wormhole::take_closed(const PhaseMessage& message) {
  auto opened = peer_.take(message);
  if (!opened) {
    if (opened.error().code != ErrorCode::signature_invalid) return give_up(opened.error().detail);
    events_.emplace_back(WrongGuess{opened.error().detail});
    return close(Mood::scary);
  }
  if (opened->version) {
    events_.emplace_back(PeerVersion{*std::move(opened->version)});
    for (const Secret& text : std::exchange(waiting_, {})) {
      if (const Status put = put_text(text); !put) return give_up(put.error().detail);
    }
    tell();
  }
  for (Secret& text : opened->texts) events_.emplace_back(Received{std::move(text)});
}

Status Wormhole::send(const Secret& text) {
  if (closing_ || ended()) return fail(ErrorCode::conflict, "this wormhole is closed");
  if (text.size() > kTextBytesMax) return fail(ErrorCode::message_too_large, "more than a mailbox takes at once");
  if (waiting_.size() + outbox_.size() >= kQueuedMax) return fail(ErrorCode::busy, "too many messages wait");
  if (!peer_.has_version()) {
    waiting_.push_back(text);
    return ok();
  }
  TRY(put_text(text));
  tell();
  return ok();
}

Status Wormhole::put_text(const Secret& text) {
  const std::string phase = std::to_string(next_phase_);
  outbox_.put(phase, TRY(close_body(phase_key(key_, facts_.side, phase), text.reveal(), *rng_)));
  ++next_phase_;
  return ok();
}

// Only once it is known what the mailbox holds.
void Wormhole::tell() {
  if (stage_ != Stage::open) return;
  for (Add& add : outbox_.take_untold()) commands_.emplace_back(std::move(add));
  if (closing_) tell_close();
}

void Wormhole::tell_close() {
  release();
  commands_.emplace_back(Close{mailbox_, *closing_});
  ++closes_told_;
  stage_ = Stage::closing;
}

// Once a connection, until the mailbox said that it is done. It gives back our own claim and nobody else's.
void Wormhole::release() {
  if (released_ || release_told_) return;
  commands_.emplace_back(Release{facts_.code->nameplate});
  release_told_ = true;
}

void Wormhole::close(Mood mood) {
  if (closing_ || ended()) return;
  closing_ = mood;
  if (!facts_.code) return end(mood);  // the mailbox knows nothing of us, or forgets it
  tell();
}

void Wormhole::give_up(std::string why) {
  if (closing_ || ended()) return;
  events_.emplace_back(WormholeFailed{std::move(why)});
  close(Mood::errory);
}

void Wormhole::on(const Closed&) {
  if (stage_ == Stage::closing) end(*closing_);
}

void Wormhole::on(const MailboxError& error) {
  if (!closing_) {
    closing_ = Mood::errory;
    if (error.reason == "crowded") {
      events_.emplace_back(Crowded{});
    } else {
      events_.emplace_back(WormholeFailed{"the mailbox says: " + error.reason});
    }
  }
  end(*closing_);
}

void Wormhole::end(Mood mood) {
  if (ended()) return;
  stage_ = Stage::ended;
  events_.emplace_back(Ended{mood});
}

std::vector<MailboxCommand> Wormhole::take_commands() {
  return std::exchange(commands_, {});
}

std::optional<WormholeEvent> Wormhole::next_event() {
  if (events_.empty()) return std::nullopt;
  WormholeEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace countersign::transport::wormhole
