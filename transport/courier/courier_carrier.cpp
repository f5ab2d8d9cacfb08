#include "transport/courier/courier_carrier.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/clear_signed.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/base/text.hpp"
#include "storage/base/text_encoding.hpp"

namespace countersign::transport::courier {
namespace {

constexpr std::size_t kIdRandomBytes = 16;
constexpr std::size_t kAccountIdDigits = 64;
constexpr std::string_view kSource = "courier";
constexpr std::string_view kNotTried = "not tried, since the folder failed before";
constexpr std::size_t kNamesShownMax = 20;
constexpr EnumNames<Settlement::granted, Settlement::another_server> kSettlements("granted", "accepted", "held",
                                                                                  "present", "refused", "exposed",
                                                                                  "incomplete", "left",
                                                                                  "another_server");

Message message_for(std::string_view operation) {
  Message message;
  message.operation = operation;
  message.carrier = Carrier::courier;
  message.source = kSource;
  return message;
}

// An armored member of a reply. Nothing else of a reply ever reaches the folder.
Result<std::string> armored_member(const Json& reply, std::string_view name) {
  const Json* member = reply.find(name);
  const std::string* text = member == nullptr ? nullptr : member->string();
  if (text == nullptr || !is_whole(*text)) {
    return fail(ErrorCode::failed, "the operation's answer has no armored '" + std::string(name) + "'");
  }
  return *text;
}

Result<std::string> server_name_in(const Json& reply) {
  const Json* name = reply.find("server");
  if (name == nullptr || name->string() == nullptr) {
    return fail(ErrorCode::failed, "the operation's answer has no name of the server");
  }
  return *name->string();
}

// The line of a refusal.
std::string refusal_of(Face face) {
  return std::string(name_of(face)).append("\n");
}

tl::unexpected<Error> refuse_binary(InboxKind kind) {
  return fail(ErrorCode::file_refused,
              std::string("binary, and only armored text is taken; make it with\n  ") +
                  (kind == InboxKind::enrol ? "`gpg --armor --export FINGERPRINT`" : "`gpg --clearsign`"));
}

void report(const Progress& progress, std::size_t done, std::size_t total) {
  if (progress) progress(static_cast<std::int64_t>(done), static_cast<std::int64_t>(total));
}

// Is it an answer to who brought the file, or only trouble on our side that may be gone next time?
bool is_refusal(ErrorCode code) {
  switch (face_of(code)) {
    case Face::malformed:
    case Face::denied:
    case Face::conflict:
    case Face::not_found:
    case Face::integrity:
      return true;
    case Face::slow_down:
    case Face::unavailable:
    case Face::failed:
      return false;
  }
  return false;
}

bool is_settled(Settlement settlement) {
  switch (settlement) {
    case Settlement::granted:
    case Settlement::accepted:
    case Settlement::held:
    case Settlement::present:
    case Settlement::refused:
      return true;
    case Settlement::exposed:
    case Settlement::incomplete:
    case Settlement::left:
    case Settlement::another_server:
      return false;
  }
  return false;
}

// One run of an export. Once the folder itself has failed, nothing more is issued for it.
class Export {
 public:
  Export(CourierFolder& folder, Operations& operations, auth::Rng& rng, const Json& purpose)
      : folder_(folder), operations_(operations), rng_(rng), purpose_(purpose) {}

  Status write_server() {
    const Json reply = TRY(operations_.run(message_for("server.show")));
    std::string certificates = TRY(armored_member(reply, "public_key"));
    const Json* former = reply.find("former");
    if (former != nullptr && former->items() != nullptr) {
      for (const Json& one : *former->items()) certificates += TRY(armored_member(one, "public_key"));
    }
    return folder_.write(Place::outbox, server_file(TRY(server_name_in(reply))), certificates);
  }

  Result<std::string> write_challenge(const std::string& username) {
    if (folder_failed_) return fail(ErrorCode::storage_unavailable, std::string(kNotTried));
    Message message = message_for("challenge.issue");
    message.fields = purpose_;
    // No username has the form of an account id.
    message.fields.set(is_lower_hex(username, kAccountIdDigits) ? "account" : "username", username)
        .set("transport", "courier");
    const Json reply = TRY(operations_.run(message));
    const std::string challenge = TRY(armored_member(reply, "challenge_message"));
    const Bytes random = TRY(auth::random_bytes(rng_, kIdRandomBytes));
    const std::string name = outbox_name(hex(random), OutboxKind::challenge);
    // Without this, a generator that repeats itself would put one user's challenge in the place of another's.
    if (const auto there = folder_.read(Place::outbox, name); there || there.error().code != ErrorCode::not_found) {
      return fail(ErrorCode::entropy_unavailable, "the id drawn for a challenge is taken");
    }
    const Status written = folder_.write(Place::outbox, name, challenge);
    if (!written) {
      folder_failed_ = written.error().code == ErrorCode::storage_unavailable;
      return tl::unexpected<Error>(written.error());
    }
    return name;
  }

 private:
  CourierFolder& folder_;
  Operations& operations_;
  auth::Rng& rng_;
  const Json& purpose_;
  bool folder_failed_ = false;
};

// One run of an import. Once an answer could not be written, nothing more is taken: its answer could not be either.
class Import {
 public:
  Import(CourierFolder& folder, Operations& operations) : folder_(folder), operations_(operations) {}

  ImportedFile run(const std::string& name) {
    ImportedFile file{name, inbox_kind(name).value_or(InboxKind::response), Settlement::left, "", ok(), ""};
    if (folder_failed_) {
      file.outcome = fail(ErrorCode::storage_unavailable, std::string(kNotTried));
      return file;
    }
    const auto bytes = folder_.read(Place::inbox, name);
    if (bytes) {
      take(*bytes, file);
    } else {
      file.outcome = tl::unexpected<Error>(bytes.error());
    }
    // Only now: what answers it is durable.
    if (is_settled(file.settlement) && file.moved) file.moved = folder_.settle(name, *bytes);
    return file;
  }

 private:
  void take(const std::string& bytes, ImportedFile& file) {
    const auto text = decode_text(bytes);
    const std::string id = answer_id(file.name, bytes);
    if (!text) {
      file.outcome = tl::unexpected<Error>(text.error());
    } else if (auth::openpgp::gate::is_secret_key(*text)) {
      file.outcome = auth::openpgp::gate::refuse_secret_key();
      write_refusal(id, file);
    } else if (auth::openpgp::gate::begins_a_packet(*text)) {
      file.outcome = refuse_binary(file.kind);
    } else if (auth::openpgp::gate::is_cut_off(*text)) {
      file.outcome = fail(ErrorCode::file_incomplete, "does not end with the END line of an armor");
    } else if (!is_for_another(*text, file)) {
      take_text(id, *text, file);
      if (is_settled(file.settlement) && file.settlement != Settlement::refused) file.moved = take_back_refusal(id);
    }
    const bool is_cut_off = !file.outcome && file.outcome.error().code == ErrorCode::file_incomplete;
    if (is_cut_off) file.settlement = Settlement::incomplete;
  }

  // Found out without judging it: of what is for this server nothing is believed here.
  bool is_for_another(const std::string& text, ImportedFile& file) {
    const auto response = auth::openpgp::gate::split_response(text);
    if (!response) return false;
    const auto& first = response->messages.front();
    if (is_lower_hex(first.account_hint, kAccountIdDigits)) file.account = first.account_hint;
    if (first.server_hint.empty()) return false;
    if (!server_name_) {
      auto name = ask_server_name();
      if (!name) {
        file.outcome = tl::unexpected<Error>(name.error());
        return true;
      }
      server_name_ = *std::move(name);
    }
    if (first.server_hint == *server_name_) return false;
    file.settlement = Settlement::another_server;
    file.outcome = escape_for_display(first.server_hint);
    return true;
  }

  Result<std::string> ask_server_name() {
    const Json reply = TRY(operations_.run(message_for("server.show")));
    return server_name_in(reply);
  }

  // What an earlier import refused under this id is refused no more. Only a line of ours is taken away.
  Status take_back_refusal(const std::string& id) {
    const std::string name = outbox_name(id, OutboxKind::refused);
    for (const Face face : {Face::malformed, Face::denied, Face::conflict}) {
      const Status removed = folder_.remove(Place::outbox, name, refusal_of(face));
      if (removed) continue;
      folder_failed_ = removed.error().code == ErrorCode::storage_unavailable;
      return removed;
    }
    return ok();
  }

  void take_text(const std::string& id, const std::string& text, ImportedFile& file) {
    Message message = message_for(file.kind == InboxKind::enrol ? "account.hold" : "response.redeem");
    message.text = text;
    const auto reply = operations_.run(message);
    if (!reply) {
      file.outcome = tl::unexpected<Error>(reply.error());
      if (is_refusal(reply.error().code)) write_refusal(id, file);
    } else if (file.kind == InboxKind::enrol || reply->find("held") != nullptr) {
      note_held(*reply, file);
    } else if (reply->find("grant") == nullptr) {
      file.settlement = Settlement::accepted;
    } else {
      write_grant(id, *reply, file);
    }
  }

  static void note_held(const Json& reply, ImportedFile& file) {
    const Json* held = reply.find("held");
    const std::string* fingerprint = held == nullptr ? nullptr : held->string();
    if (fingerprint == nullptr) {
      file.outcome = fail(ErrorCode::failed, "the operation's answer has no fingerprint in 'held'");
      return;
    }
    const Json* account = reply.find("account");
    const bool present = account != nullptr && account->string() != nullptr;
    file.settlement = present ? Settlement::present : Settlement::held;
    file.outcome = present ? *account->string() : *fingerprint;
  }

  void write_grant(const std::string& id, const Json& reply, ImportedFile& file) {
    const auto grant = armored_member(reply, "grant");
    if (!grant) {
      file.outcome = tl::unexpected<Error>(grant.error());
      return;
    }
    const std::string name = outbox_name(id, OutboxKind::session);
    if (!write(name, *grant, file)) return;
    file.settlement = Settlement::granted;
    file.outcome = name;
  }

  void write_refusal(const std::string& id, ImportedFile& file) {
    const ErrorCode code = file.outcome.error().code;
    if (!write(outbox_name(id, OutboxKind::refused), refusal_of(public_face_of(code)), file)) return;
    file.settlement = code == ErrorCode::secret_key_handed_in ? Settlement::exposed : Settlement::refused;
  }

  // False, with the reason in the file's outcome, where the folder did not take it.
  bool write(const std::string& name, const std::string& text, ImportedFile& file) {
    const Status written = folder_.write(Place::outbox, name, text);
    if (written) return true;
    folder_failed_ = written.error().code == ErrorCode::storage_unavailable;
    file.outcome = tl::unexpected<Error>(written.error());
    return false;
  }

  CourierFolder& folder_;
  Operations& operations_;
  std::optional<std::string> server_name_;  // ours, once it was asked for
  bool folder_failed_ = false;
};

// Under whatever name: its owner is to know. A name that cannot be shown as it is, is not looked for.
bool is_secret_key_there(const CourierFolder& folder, const std::string& name) {
  const auto bytes = folder.read(Place::inbox, name);
  return bytes && auth::openpgp::gate::is_secret_key(decode_text(*bytes).value_or(*bytes));
}

}  // namespace

std::string_view name_of(Settlement settlement) {
  return kSettlements.of(settlement);
}

std::size_t ExportReport::written() const {
  return static_cast<std::size_t>(std::count_if(challenges.begin(), challenges.end(),
                                                [](const ExportedChallenge& one) { return one.file.has_value(); }));
}

std::size_t ImportReport::count(Settlement settlement) const {
  return static_cast<std::size_t>(std::count_if(
      files.begin(), files.end(), [&](const ImportedFile& file) { return file.settlement == settlement; }));
}

Result<ExportReport> CourierCarrier::export_challenges(CourierFolder& folder, std::span<const std::string> usernames,
                                                       const Json& purpose, const Progress& progress) {
  TRY(folder.make(Place::done));
  TRY(folder.make(Place::outbox));
  TRY(folder.check_writable(Place::outbox));
  Export run(folder, operations_, rng_, purpose);
  ExportReport out;
  out.server = run.write_server();
  for (const std::string& username : usernames) {
    out.challenges.push_back({username, run.write_challenge(username)});
    report(progress, out.challenges.size(), usernames.size());
  }
  return out;
}

Result<ImportReport> CourierCarrier::import_responses(CourierFolder& folder, const Progress& progress) {
  ImportReport out;
  const Listing listing = TRY(folder.list(Place::inbox, [&](std::string_view name) {
    const bool renamed = name_without_txt(name) || plain_name(name);
    if (renamed && out.renamed.size() < kNamesShownMax) out.renamed.emplace_back(name);
    return inbox_kind(name).has_value();
  }));
  out.misplaced =
      TRY(folder.list(Place::outbox, [](std::string_view name) { return inbox_kind(name).has_value(); })).names;
  out.beyond = listing.beyond;
  out.cut = listing.cut;
  out.foreign = listing.foreign;
  for (const std::string& name : listing.foreign_names) {
    if (is_secret_key_there(folder, name)) {
      out.files.push_back(
          {name, InboxKind::response, Settlement::exposed, auth::openpgp::gate::refuse_secret_key(), ok(), ""});
    } else {
      out.foreign_names.push_back(name);
    }
  }
  if (listing.names.empty()) return out;
  // A response that is taken where its grant cannot be written would help nobody.
  TRY(folder.make(Place::outbox));
  TRY(folder.check_writable(Place::outbox));
  Import run(folder, operations_);
  for (const std::string& name : listing.names) {
    out.files.push_back(run.run(name));
    report(progress, out.files.size(), listing.names.size());
  }
  return out;
}

}  // namespace countersign::transport::courier
