#include "auth/openpgp/gnupg/worker_messages.hpp"

#include <algorithm>
#include <concepts>
#include <deque>
#include <type_traits>
#include <utility>

#include "auth/openpgp/passphrase.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

// A frame's kind is the place of its message among the requests, or among the replies.
constexpr std::uint8_t kFirstRequest = 1;
constexpr std::uint8_t kFirstReply = 0x81;

constexpr std::size_t kNameBytesMax = 64;      // of an algorithm or a hash
constexpr std::size_t kDetailBytesMax = 4096;  // of a failure
constexpr std::size_t kPathBytesMax = 4096;

// A message's layout calls the same functions on a FieldWriter and on a FieldReader, so that both agree.
class FieldWriter {
 public:
  void bytes(ByteView value) { fields_.push_back(value); }
  void secret(const Secret& value, std::size_t = 0) { bytes(value.reveal()); }
  void text(std::string_view value, std::size_t bytes_max) { bytes(as_bytes(value.substr(0, bytes_max))); }
  void name(std::string_view value) { bytes(as_bytes(value)); }
  void code(ErrorCode value) { name(name_of(value)); }
  void fingerprint(const Fingerprint& value) { bytes(value.bytes()); }
  void time(Instant value) { number(unix_seconds(value), 8); }
  template <class Value>
  void number(Value value, std::size_t width, std::uint64_t = 0) {
    Bytes& field = made_.emplace_back();
    append_integer(field, static_cast<std::uint64_t>(value), width);
    bytes(field);
  }
  void counted(const auto& values, auto each) {
    number(values.size(), 2);
    std::for_each(values.begin(), values.end(), each);
  }
  void rest(const std::vector<std::string>& values) {
    for (const std::string& value : values) bytes(as_bytes(value));
  }
  void require(bool) {}

  const std::vector<ByteView>& fields() const { return fields_; }

 private:
  std::deque<Bytes> made_;
  std::vector<ByteView> fields_;
};

// What is wrong with a field is remembered until the end.
class FieldReader {
 public:
  explicit FieldReader(const Frame& frame) : fields_(frame.fields) {}

  void bytes(Bytes& value) {
    const ByteView field = next(kFrameBodyBytesMax);
    value.assign(field.begin(), field.end());
  }
  void secret(Secret& value, std::size_t bytes_max = kFrameBodyBytesMax) { value = Secret(next(bytes_max)); }
  void text(std::string& value, std::size_t bytes_max) { value = to_string(next(bytes_max)); }
  void name(std::string& value) {
    text(value, kNameBytesMax);
    require(std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  }
  void code(ErrorCode& value) {
    value = error_code_named(to_string(next(kNameBytesMax))).value_or(ErrorCode::malformed_message);
    require(value == ErrorCode::openpgp_unavailable || value == ErrorCode::key_locked ||
            value == ErrorCode::certificate_refused);
  }
  void fingerprint(Fingerprint& value) {
    const auto parsed = Fingerprint::from_bytes(next(Fingerprint::kBytes));
    require(parsed.has_value());
    value = parsed.value_or(Fingerprint());
  }
  // Years 1970 to 9999, as everywhere.
  void time(Instant& value) {
    std::int64_t seconds = 0;
    number(seconds, 8, 253'402'300'799);
    value = from_unix(is_wrong_ ? 0 : seconds);
  }
  template <class Value>
  void number(Value& value, std::size_t width, std::uint64_t most) {
    const ByteView field = next(width);
    std::uint64_t read = 0;
    for (const std::uint8_t byte : field) read = (read << 8) | byte;
    require(field.size() == width && read <= most);
    value = static_cast<Value>(read);
  }
  void counted(auto& values, auto each) {
    std::size_t count = 0;
    number(count, 2, kFrameFieldsMax);
    for (std::size_t i = 0; i < count && !is_wrong_; ++i) each(values.emplace_back());
  }
  void rest(std::vector<std::string>& values) {
    while (!is_wrong_ && at_ < fields_.size()) values.push_back(to_string(next(kFrameBodyBytesMax)));
  }
  void require(bool holds) { is_wrong_ = is_wrong_ || !holds; }

  bool is_complete() const { return !is_wrong_ && at_ == fields_.size(); }

 private:
  ByteView next(std::size_t bytes_max) {
    require(at_ < fields_.size() && fields_[at_].size() <= bytes_max);
    return is_wrong_ ? ByteView() : fields_[at_++];
  }

  const std::vector<ByteView>& fields_;
  std::size_t at_ = 0;
  bool is_wrong_ = false;
};

template <class Given, class Message>
concept Is = std::same_as<std::remove_const_t<Given>, Message>;

bool has_zero(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

void layout(auto& io, Is<PrepareRequest> auto& m) {
  io.text(m.folder, kPathBytesMax);
  io.number(m.place, 1, 2);
  io.secret(m.secret_key);
  io.text(m.operators_home, kPathBytesMax);
  io.fingerprint(m.operators_key);
  const bool elsewhere = m.place == KeyPlace::operators_home;
  io.require(!m.folder.empty() && !has_zero(m.folder) && !has_zero(m.operators_home));
  io.require(m.secret_key.empty() == (m.place != KeyPlace::handed_over));
  io.require((m.operators_key != Fingerprint()) == elsewhere && (m.operators_home.empty() || elsewhere));
}

void layout(auto& io, Is<InspectRequest> auto& m) {
  io.bytes(m.certificate);
  io.time(m.now);
}

void layout(auto& io, Is<VerifyRequest> auto& m) {
  io.bytes(m.certificate);
  io.bytes(m.message);
  io.bytes(m.signature);
  io.time(m.signature_time);
  io.time(m.now);
}

void layout(auto& io, Is<EncryptRequest> auto& m) {
  io.bytes(m.certificate);
  io.fingerprint(m.encryption_key);
  io.bytes(m.packets);
  io.time(m.now);
}

void layout(auto& io, Is<SignRequest> auto& m) {
  io.bytes(m.text);
  io.time(m.now);
}

void layout(auto&, Is<LookRequest> auto&) {}

void layout(auto& io, Is<GenerateRequest> auto& m) {
  io.number(m.kind, 1, static_cast<std::uint64_t>(KeyKind::nistp521));
  io.text(m.user_id, kDetailBytesMax);
  io.time(m.now);
  io.secret(m.passphrase, kPassphraseBytesMax);
  io.require(!has_zero(m.user_id) && (m.passphrase.empty() || check_passphrase(m.passphrase)));
}

void layout(auto& io, Is<CertificateReply> auto& m) {
  io.bytes(m.certificate);
}

void layout(auto& io, Is<KeyFacts> auto& key) {
  io.fingerprint(key.fingerprint);
  io.name(key.algorithm);
  io.require(!key.algorithm.empty());
  for (auto* fact : {&key.revoked, &key.bound, &key.can_certify, &key.can_sign, &key.can_encrypt}) {
    io.number(*fact, 1, 1);
  }
  io.time(key.created_at);
  bool expires = key.expires_at.has_value();
  Instant expires_at = key.expires_at.value_or(Instant{});
  io.number(expires, 1, 1);
  io.time(expires_at);
  io.require(expires || expires_at == Instant{});
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(key)>>) {
    if (expires) key.expires_at = expires_at;
  }
}

void layout(auto& io, Is<InspectReply> auto& m) {
  layout(io, m.facts.primary);
  io.counted(m.facts.subkeys, [&](auto& subkey) { layout(io, subkey); });
  io.rest(m.facts.user_ids);
}

void layout(auto& io, Is<VerifyReply> auto& m) {
  io.number(m.facts.signatures, 2, 0xFFFF);
  io.number(m.facts.valid, 1, 1);
  io.fingerprint(m.facts.signing_key);
  io.name(m.facts.hash);
  io.time(m.facts.created_at);
}

void layout(auto& io, Is<EncryptReply> auto& m) {
  io.bytes(m.packets);
}

void layout(auto& io, Is<SignReply> auto& m) {
  io.bytes(m.signature);
  io.fingerprint(m.signing_key);
}

void layout(auto&, Is<LookReply> auto&) {}

void layout(auto& io, Is<GenerateReply> auto& m) {
  io.secret(m.key.secret_key);
  io.bytes(m.key.certificate);
  io.fingerprint(m.key.fingerprint);
}

void layout(auto& io, Is<FailureReply> auto& m) {
  io.code(m.error.code);
  io.text(m.error.detail, kDetailBytesMax);
}

template <class Whole>
Result<Bytes> write(const Whole& whole, std::uint8_t first) {
  FieldWriter writer;
  std::visit([&](const auto& message) { layout(writer, message); }, whole);
  return write_frame(static_cast<std::uint8_t>(first + whole.index()), writer.fields());
}

template <class Whole, std::size_t Index = 0>
Result<Whole> read(const Frame& frame, std::uint8_t first) {
  if constexpr (Index == std::variant_size_v<Whole>) {
    return fail(ErrorCode::malformed_message, "a frame of an unknown kind");
  } else {
    if (frame.kind != first + Index) return read<Whole, Index + 1>(frame, first);
    FieldReader reader(frame);
    std::variant_alternative_t<Index, Whole> message;
    layout(reader, message);
    if (!reader.is_complete()) {
      return fail(ErrorCode::malformed_message, "a frame's fields are not those of its kind");
    }
    return Whole(std::move(message));
  }
}

}  // namespace

Result<Bytes> write_request(const Request& request) {
  return write(request, kFirstRequest);
}

Result<Bytes> write_reply(const Reply& reply) {
  return write(reply, kFirstReply);
}

Result<Request> read_request(const Frame& frame) {
  return read<Request>(frame, kFirstRequest);
}

Result<Reply> read_reply(const Frame& frame) {
  return read<Reply>(frame, kFirstReply);
}

}  // namespace countersign::auth::openpgp::gnupg
