#include "transport/wormhole/mailbox_message.hpp"

#include "storage/base/enum_names.hpp"
#include "storage/base/foreign_json.hpp"
#include "storage/base/text.hpp"
#include "transport/wormhole/code.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr EnumNames<Mood::happy, Mood::errory> kMoodNames("happy", "lonely", "scary", "errory");

Json command_of(std::string_view type) {
  return Json::object().set("type", type);
}

struct Writer {
  Json operator()(const Bind& bind) const {
    Json version = Json::array();
    version.push("countersign");
    version.push(COUNTERSIGN_VERSION);
    return command_of("bind").set("appid", bind.appid).set("side", bind.side).set("client_version", std::move(version));
  }
  Json operator()(const Allocate&) const { return command_of("allocate"); }
  Json operator()(const Claim& claim) const { return command_of("claim").set("nameplate", claim.nameplate); }
  Json operator()(const Release& release) const { return command_of("release").set("nameplate", release.nameplate); }
  Json operator()(const Open& open) const { return command_of("open").set("mailbox", open.mailbox); }
  Json operator()(const Add& add) const { return command_of("add").set("phase", add.phase).set("body", hex(add.body)); }
  Json operator()(const Close& close) const {
    return command_of("close").set("mailbox", close.mailbox).set("mood", name_of(close.mood));
  }
  Json operator()(const Ping& ping) const { return command_of("ping").set("ping", ping.number); }
};

Result<std::string> bounded_name(JsonReader& reader, std::string_view member) {
  std::string name = TRY(reader.text(member));
  if (!is_mailbox_name(name)) {
    return fail(ErrorCode::malformed_message, "member '" + std::string(member) + "' is no name");
  }
  return name;
}

Result<MailboxAnswer> parse_welcome(const Json& said) {
  const Json* inner = said.find("welcome");
  if (inner == nullptr || inner->members() == nullptr) {
    return fail(ErrorCode::malformed_message, "member 'welcome' is no object");
  }
  JsonReader reader(*inner);
  Welcome welcome;
  welcome.error = escape_for_display(TRY(reader.text_or("error", "")));
  if (const Json* permission = inner->find("permission-required")) {
    if (permission->members() == nullptr) {
      return fail(ErrorCode::malformed_message, "member 'permission-required' is no object");
    }
    welcome.permission_asked = permission->find("none") == nullptr;
  }
  return MailboxAnswer(std::move(welcome));
}

Result<MailboxAnswer> parse_phase_message(JsonReader& reader) {
  PhaseMessage message;
  message.side = TRY(bounded_name(reader, "side"));
  message.phase = TRY(bounded_name(reader, "phase"));
  const std::string body = TRY(reader.text("body"));
  if (body.size() > 2 * kBodyBytesMax) return fail(ErrorCode::message_too_large, "a message of over 24 KiB");
  auto bytes = from_hex(body);
  if (!bytes) return fail(ErrorCode::malformed_message, "member 'body' is not in hex");
  message.body = *std::move(bytes);
  return MailboxAnswer(std::move(message));
}

}  // namespace

std::string_view name_of(Mood mood) {
  return kMoodNames.of(mood);
}

bool is_mailbox_name(std::string_view name) {
  return !name.empty() && name.size() <= kMailboxNameBytesMax && !has_unprintable(name);
}

std::string write_command(const MailboxCommand& command) {
  return write_json(std::visit(Writer(), command));
}

Result<MailboxAnswer> parse_answer(std::string_view text) {
  if (text.size() > kMailboxMessageBytesMax) {
    return fail(ErrorCode::message_too_large, "the mailbox said more than 64 KiB at once");
  }
  const Json said = TRY(parse_foreign_json(text));
  JsonReader reader(said);
  const std::string type = TRY(reader.text("type"));
  if (type == "welcome") return parse_welcome(said);
  if (type == "message") return parse_phase_message(reader);
  if (type == "claimed") return MailboxAnswer(Claimed{TRY(bounded_name(reader, "mailbox"))});
  if (type == "released") return MailboxAnswer(Released{});
  if (type == "closed") return MailboxAnswer(Closed{});
  if (type == "pong") return MailboxAnswer(Pong{TRY(reader.integer("pong"))});
  if (type == "error") return MailboxAnswer(MailboxError{escape_for_display(TRY(reader.text("error")))});
  if (type != "allocated") return MailboxAnswer(PassedOver{});
  Allocated allocated{TRY(reader.text("nameplate"))};
  if (!is_nameplate(allocated.nameplate)) {
    return fail(ErrorCode::malformed_message, "member 'nameplate' is no number");
  }
  return MailboxAnswer(std::move(allocated));
}

}  // namespace countersign::transport::wormhole
