#include "transport/wormhole/text_exchange.hpp"

#include "storage/base/enum_names.hpp"
#include "storage/base/foreign_json.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr EnumNames<TextOutcome::delivered, TextOutcome::failed> kOutcomeNames("delivered", "refused", "unfit",
                                                                               "wrong_guess", "crowded", "lonely",
                                                                               "failed");

const std::string* text_in(const Json& message, std::string_view outer, std::string_view inner) {
  const Json* object = message.find(outer);
  const Json* found = object == nullptr ? nullptr : object->find(inner);
  return found == nullptr ? nullptr : found->string();
}

// The text of {"error":…}; nothing where it is none.
std::optional<std::string> error_in(const Json& message) {
  const Json* error = message.find("error");
  if (error == nullptr) return std::nullopt;
  return error->string() == nullptr ? std::string() : escape_for_display(*error->string());
}

Status send_json(Json message, Wormhole& wormhole) {
  std::string text = write_json(message);
  message.wipe();
  return wormhole.send(Secret::take(text));
}

}  // namespace

std::string_view name_of(TextOutcome outcome) {
  return kOutcomeNames.of(outcome);
}

void TextExchange::note(TextOutcome outcome, std::string why) {
  if (!end_) end_ = TextEnd{outcome, std::move(why)};
}

void TextExchange::conclude(TextOutcome outcome, std::string why, Wormhole& wormhole, Mood mood) {
  note(outcome, std::move(why));
  wormhole.close(mood);
}

void TextExchange::take(const WormholeEvent& event, Wormhole& wormhole) {
  if (std::holds_alternative<PeerVersion>(event)) {
    take_peer(wormhole);
  } else if (const auto* received = std::get_if<Received>(&event)) {
    if (end_) return;
    auto message = parse_foreign_json(received->text.reveal_text());
    if (!message || message->members() == nullptr) {
      return conclude(TextOutcome::unfit, "the other side said what is no JSON", wormhole, Mood::errory);
    }
    take_message(*message, wormhole);
    message->wipe();
  } else if (const auto* guess = std::get_if<WrongGuess>(&event)) {
    note(TextOutcome::wrong_guess, guess->why);
  } else if (std::holds_alternative<Crowded>(event)) {
    note(TextOutcome::crowded);
  } else if (const auto* failed = std::get_if<WormholeFailed>(&event)) {
    note(TextOutcome::failed, failed->why);
  } else if (const auto* ended = std::get_if<Ended>(&event)) {
    note(ended->mood == Mood::lonely ? TextOutcome::lonely : TextOutcome::failed);
  }
}

void TextSender::take_peer(Wormhole& wormhole) {
  Json offer = Json::object().set("message", text_.reveal_text());
  const Status sent = send_json(Json::object().set("offer", std::move(offer)), wormhole);
  if (!sent) conclude(TextOutcome::failed, sent.error().detail, wormhole, Mood::errory);
}

void TextSender::take_message(const Json& message, Wormhole& wormhole) {
  if (const auto error = error_in(message)) return conclude(TextOutcome::refused, *error, wormhole, Mood::errory);
  if (message.find("answer") == nullptr) return;  // hints for a transit that no text needs
  const std::string* ack = text_in(message, "answer", "message_ack");
  if (ack == nullptr || *ack != "ok") {
    return conclude(TextOutcome::unfit, "the other side answers something else", wormhole, Mood::errory);
  }
  conclude(TextOutcome::delivered, {}, wormhole, Mood::happy);
}

void TextReceiver::refuse(TextOutcome outcome, const std::string& why, Wormhole& wormhole) {
  // That it could not be told makes it no less refused.
  static_cast<void>(send_json(Json::object().set("error", why), wormhole));
  conclude(outcome, why, wormhole, Mood::errory);
}

void TextReceiver::take_message(const Json& message, Wormhole& wormhole) {
  if (const auto error = error_in(message)) return conclude(TextOutcome::refused, *error, wormhole, Mood::errory);
  if (message.find("offer") == nullptr) return;
  const std::string* text = text_in(message, "offer", "message");
  if (text == nullptr) return refuse(TextOutcome::unfit, "only a text is taken here, and no file", wormhole);
  const Status accepted = accept_(Secret(as_bytes(*text)));
  if (!accepted) return refuse(TextOutcome::unfit, accepted.error().detail, wormhole);
  Json ack = Json::object().set("message_ack", "ok");
  const Status sent = send_json(Json::object().set("answer", std::move(ack)), wormhole);
  if (!sent) return conclude(TextOutcome::failed, sent.error().detail, wormhole, Mood::errory);
  conclude(TextOutcome::delivered, {}, wormhole, Mood::happy);
}

}  // namespace countersign::transport::wormhole
