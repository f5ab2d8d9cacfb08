#include "auth/openpgp/gnupg/worker_messages.hpp"

#include <algorithm>
#include <utility>

#include "auth/openpgp/passphrase.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

constexpr std::uint8_t kPrepare = 1;
constexpr std::uint8_t kInspect = 2;
constexpr std::uint8_t kVerify = 3;
constexpr std::uint8_t kEncrypt = 4;
constexpr std::uint8_t kSign = 5;
constexpr std::uint8_t kGenerate = 6;
constexpr std::uint8_t kLook = 7;
constexpr std::uint8_t kReply = 0x80;  // added to what was asked
constexpr std::uint8_t kFailure = 0xFF;

constexpr std::size_t kNameBytesMax = 64;      // of an algorithm or a hash
constexpr std::size_t kDetailBytesMax = 4096;  // of a failure
constexpr std::size_t kPathBytesMax = 4096;

tl::unexpected<Error> malformed(const char* what) {
  return fail(ErrorCode::malformed_message, what);
}

Bytes integer(std::uint64_t value, std::size_t width) {
  Bytes out;
  append_integer(out, value, width);
  return out;
}
Bytes time_field(Instant instant) {
  return integer(static_cast<std::uint64_t>(unix_seconds(instant)), 8);
}

// Fields one after the other; what is wrong with one is remembered until the end.
class FieldReader {
 public:
  explicit FieldReader(const Frame& frame) : fields_(frame.fields) {}

  ByteView bytes(std::size_t bytes_max = kFrameBodyBytesMax) {
    if (at_ == fields_.size() || fields_[at_].size() > bytes_max) {
      wrong_ = true;
      return {};
    }
    return fields_[at_++];
  }
  Bytes copy() {
    const ByteView view = bytes();
    return Bytes(view.begin(), view.end());
  }
  std::string text(std::size_t bytes_max) { return to_string(bytes(bytes_max)); }
  std::uint64_t number(std::size_t width, std::uint64_t most) {
    const ByteView view = bytes(width);
    std::uint64_t value = 0;
    for (const std::uint8_t byte : view) value = (value << 8) | byte;
    if (view.size() != width || value > most) wrong_ = true;
    return value;
  }
  // Years 1970 to 9999, as everywhere.
  Instant time() {
    constexpr std::uint64_t kLast = 253'402'300'799;
    return from_unix(static_cast<std::int64_t>(number(8, kLast)));
  }
  Fingerprint fingerprint() {
    const auto parsed = Fingerprint::from_bytes(bytes(Fingerprint::kBytes));
    if (!parsed) wrong_ = true;
    return parsed.value_or(Fingerprint());
  }
  std::string name() {
    std::string out = text(kNameBytesMax);
    const bool plain = std::all_of(out.begin(), out.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (!plain) wrong_ = true;
    return out;
  }
  bool at_end() const { return at_ == fields_.size(); }
  void refuse() { wrong_ = true; }
  bool is_wrong() const { return wrong_; }
  bool is_complete() const { return !wrong_ && at_end(); }

 private:
  const std::vector<ByteView>& fields_;
  std::size_t at_ = 0;
  bool wrong_ = false;
};

// One key's facts are one field.
enum Flag : std::uint8_t { kRevoked = 1, kBound = 2, kCertifies = 4, kSigns = 8, kEncrypts = 16, kExpires = 32 };

Bytes write_key(const KeyFacts& key) {
  Bytes out(key.fingerprint.bytes().begin(), key.fingerprint.bytes().end());
  int flags = 0;
  if (key.revoked) flags |= kRevoked;
  if (key.bound) flags |= kBound;
  if (key.can_certify) flags |= kCertifies;
  if (key.can_sign) flags |= kSigns;
  if (key.can_encrypt) flags |= kEncrypts;
  if (key.expires_at) flags |= kExpires;
  out.push_back(static_cast<std::uint8_t>(flags));
  append(out, time_field(key.created_at));
  append(out, time_field(key.expires_at.value_or(Instant{})));
  append(out, as_bytes(key.algorithm));
  return out;
}

KeyFacts read_key(FieldReader& from) {
  constexpr std::size_t kFixedBytes = Fingerprint::kBytes + 1 + 8 + 8;
  const ByteView field = from.bytes(kFixedBytes + kNameBytesMax);
  KeyFacts key;
  if (field.size() <= kFixedBytes) {
    from.refuse();
    return key;
  }
  const std::uint8_t flags = field[Fingerprint::kBytes];
  if (flags > 63) from.refuse();
  Frame parts;
  parts.fields = {field.first(Fingerprint::kBytes), field.subspan(Fingerprint::kBytes + 1, 8),
                  field.subspan(Fingerprint::kBytes + 9, 8), field.subspan(kFixedBytes)};
  FieldReader reader(parts);
  key.fingerprint = reader.fingerprint();
  key.created_at = reader.time();
  const Instant expires_at = reader.time();
  key.algorithm = reader.name();
  if (!reader.is_complete()) from.refuse();
  if ((flags & kExpires) != 0) {
    key.expires_at = expires_at;
  } else if (expires_at != Instant{}) {
    from.refuse();
  }
  key.revoked = (flags & kRevoked) != 0;
  key.bound = (flags & kBound) != 0;
  key.can_certify = (flags & kCertifies) != 0;
  key.can_sign = (flags & kSigns) != 0;
  key.can_encrypt = (flags & kEncrypts) != 0;
  return key;
}

struct RequestWriter {
  Result<Bytes> operator()(const PrepareRequest& r) const {
    return write_frame(kPrepare, {as_bytes(r.folder), integer(static_cast<std::uint8_t>(r.place), 1),
                                  r.secret_key.reveal(), as_bytes(r.operators_home), r.operators_key.bytes()});
  }
  Result<Bytes> operator()(const InspectRequest& r) const {
    return write_frame(kInspect, {r.certificate, time_field(r.now)});
  }
  Result<Bytes> operator()(const VerifyRequest& r) const {
    return write_frame(kVerify,
                       {r.certificate, r.message, r.signature, time_field(r.signature_time), time_field(r.now)});
  }
  Result<Bytes> operator()(const EncryptRequest& r) const {
    return write_frame(kEncrypt, {r.certificate, r.encryption_key.bytes(), r.packets, time_field(r.now)});
  }
  Result<Bytes> operator()(const SignRequest& r) const { return write_frame(kSign, {r.text, time_field(r.now)}); }
  Result<Bytes> operator()(const LookRequest&) const { return write_frame(kLook, {}); }
  Result<Bytes> operator()(const GenerateRequest& r) const {
    return write_frame(kGenerate, {integer(static_cast<std::uint8_t>(r.kind), 1), as_bytes(r.user_id),
                                   time_field(r.now), r.passphrase.reveal()});
  }
};

struct ReplyWriter {
  Result<Bytes> operator()(const CertificateReply& r) const { return write_frame(kReply | kPrepare, {r.certificate}); }
  Result<Bytes> operator()(const InspectReply& r) const {
    std::vector<Bytes> keys = {integer(r.facts.subkeys.size(), 2), write_key(r.facts.primary)};
    for (const KeyFacts& subkey : r.facts.subkeys) keys.push_back(write_key(subkey));
    std::vector<ByteView> fields(keys.begin(), keys.end());
    for (const std::string& user_id : r.facts.user_ids) fields.push_back(as_bytes(user_id));
    return write_frame(kReply | kInspect, fields);
  }
  Result<Bytes> operator()(const VerifyReply& r) const {
    return write_frame(kReply | kVerify,
                       {integer(r.facts.signatures, 2), integer(r.facts.valid ? 1 : 0, 1), r.facts.signing_key.bytes(),
                        as_bytes(r.facts.hash), time_field(r.facts.created_at)});
  }
  Result<Bytes> operator()(const EncryptReply& r) const { return write_frame(kReply | kEncrypt, {r.packets}); }
  Result<Bytes> operator()(const SignReply& r) const {
    return write_frame(kReply | kSign, {r.signature, r.signing_key.bytes()});
  }
  Result<Bytes> operator()(const LookReply&) const { return write_frame(kReply | kLook, {}); }
  Result<Bytes> operator()(const GenerateReply& r) const {
    return write_frame(kReply | kGenerate, {r.key.secret_key.reveal(), r.key.certificate, r.key.fingerprint.bytes()});
  }
  Result<Bytes> operator()(const FailureReply& r) const {
    const std::string_view detail = std::string_view(r.error.detail).substr(0, kDetailBytesMax);
    return write_frame(kFailure, {as_bytes(name_of(r.error.code)), as_bytes(detail)});
  }
};

PrepareRequest read_prepare(FieldReader& from) {
  PrepareRequest r;
  r.folder = from.text(kPathBytesMax);
  r.place = static_cast<KeyPlace>(from.number(1, 2));
  r.secret_key = Secret(from.bytes());
  r.operators_home = from.text(kPathBytesMax);
  r.operators_key = from.fingerprint();
  const bool handed_over = r.place == KeyPlace::handed_over;
  const bool elsewhere = r.place == KeyPlace::operators_home;
  if (r.folder.empty() || r.secret_key.empty() == handed_over) from.refuse();
  if ((r.operators_key != Fingerprint()) != elsewhere || (!r.operators_home.empty() && !elsewhere)) from.refuse();
  for (const std::string* path : {&r.folder, &r.operators_home}) {
    if (path->find('\0') != std::string::npos) from.refuse();
  }
  return r;
}

InspectRequest read_inspect(FieldReader& from) {
  InspectRequest r;
  r.certificate = from.copy();
  r.now = from.time();
  return r;
}

VerifyRequest read_verify(FieldReader& from) {
  VerifyRequest r;
  r.certificate = from.copy();
  r.message = from.copy();
  r.signature = from.copy();
  r.signature_time = from.time();
  r.now = from.time();
  return r;
}

EncryptRequest read_encrypt(FieldReader& from) {
  EncryptRequest r;
  r.certificate = from.copy();
  r.encryption_key = from.fingerprint();
  r.packets = from.copy();
  r.now = from.time();
  return r;
}

SignRequest read_sign(FieldReader& from) {
  SignRequest r;
  r.text = from.copy();
  r.now = from.time();
  return r;
}

LookRequest read_look(FieldReader&) {
  return {};
}

GenerateRequest read_generate(FieldReader& from) {
  GenerateRequest r;
  r.kind = static_cast<KeyKind>(from.number(1, static_cast<std::uint8_t>(KeyKind::nistp521)));
  r.user_id = from.text(kDetailBytesMax);
  r.now = from.time();
  r.passphrase = Secret(from.bytes(kPassphraseBytesMax));
  if (r.user_id.find('\0') != std::string::npos) from.refuse();
  if (!r.passphrase.empty() && !check_passphrase(r.passphrase)) from.refuse();
  return r;
}

CertificateReply read_certificate_reply(FieldReader& from) {
  CertificateReply r;
  r.certificate = from.copy();
  return r;
}

InspectReply read_inspect_reply(FieldReader& from) {
  InspectReply r;
  const std::uint64_t subkeys = from.number(2, kFrameFieldsMax);
  r.facts.primary = read_key(from);
  for (std::uint64_t i = 0; i < subkeys && !from.is_wrong(); ++i) r.facts.subkeys.push_back(read_key(from));
  while (!from.is_wrong() && !from.at_end()) r.facts.user_ids.push_back(to_string(from.bytes()));
  return r;
}

VerifyReply read_verify_reply(FieldReader& from) {
  VerifyReply r;
  r.facts.signatures = static_cast<std::size_t>(from.number(2, 0xFFFF));
  r.facts.valid = from.number(1, 1) == 1;
  r.facts.signing_key = from.fingerprint();
  r.facts.hash = from.name();
  r.facts.created_at = from.time();
  return r;
}

EncryptReply read_encrypt_reply(FieldReader& from) {
  EncryptReply r;
  r.packets = from.copy();
  return r;
}

SignReply read_sign_reply(FieldReader& from) {
  SignReply r;
  r.signature = from.copy();
  r.signing_key = from.fingerprint();
  return r;
}

LookReply read_look_reply(FieldReader&) {
  return {};
}

GenerateReply read_generate_reply(FieldReader& from) {
  GenerateReply r;
  r.key.secret_key = Secret(from.bytes());
  r.key.certificate = from.copy();
  r.key.fingerprint = from.fingerprint();
  return r;
}

FailureReply read_failure(FieldReader& from) {
  FailureReply r;
  const auto code = error_code_named(from.text(kNameBytesMax));
  r.error.detail = from.text(kDetailBytesMax);
  const bool known =
      code == ErrorCode::openpgp_unavailable || code == ErrorCode::key_locked || code == ErrorCode::certificate_refused;
  if (!known) from.refuse();
  r.error.code = code.value_or(ErrorCode::openpgp_unavailable);
  return r;
}

template <class Whole, class Part>
Result<Whole> read_with(Part (*read)(FieldReader&), const Frame& frame) {
  FieldReader reader(frame);
  Whole whole = read(reader);
  if (!reader.is_complete()) return malformed("a frame's fields are not those of its kind");
  return whole;
}

}  // namespace

Result<Bytes> write_request(const Request& request) {
  return std::visit(RequestWriter(), request);
}

Result<Bytes> write_reply(const Reply& reply) {
  return std::visit(ReplyWriter(), reply);
}

Result<Request> read_request(const Frame& frame) {
  switch (frame.kind) {
    case kPrepare:
      return read_with<Request>(&read_prepare, frame);
    case kInspect:
      return read_with<Request>(&read_inspect, frame);
    case kVerify:
      return read_with<Request>(&read_verify, frame);
    case kEncrypt:
      return read_with<Request>(&read_encrypt, frame);
    case kSign:
      return read_with<Request>(&read_sign, frame);
    case kLook:
      return read_with<Request>(&read_look, frame);
    case kGenerate:
      return read_with<Request>(&read_generate, frame);
    default:
      return malformed("an unknown request");
  }
}

Result<Reply> read_reply(const Frame& frame) {
  switch (frame.kind) {
    case kReply | kPrepare:
      return read_with<Reply>(&read_certificate_reply, frame);
    case kReply | kInspect:
      return read_with<Reply>(&read_inspect_reply, frame);
    case kReply | kVerify:
      return read_with<Reply>(&read_verify_reply, frame);
    case kReply | kEncrypt:
      return read_with<Reply>(&read_encrypt_reply, frame);
    case kReply | kSign:
      return read_with<Reply>(&read_sign_reply, frame);
    case kReply | kLook:
      return read_with<Reply>(&read_look_reply, frame);
    case kReply | kGenerate:
      return read_with<Reply>(&read_generate_reply, frame);
    case kFailure:
      return read_with<Reply>(&read_failure, frame);
    default:
      return malformed("an unknown reply");
  }
}

}  // namespace countersign::auth::openpgp::gnupg
