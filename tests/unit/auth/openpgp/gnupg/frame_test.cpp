#include "auth/openpgp/gnupg/frame.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gnupg/worker_messages.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::auth;
using namespace countersign::auth::openpgp::gnupg;

namespace {

Fingerprint fingerprint_of(std::uint8_t byte) {
  return *Fingerprint::from_bytes(Bytes(Fingerprint::kBytes, byte));
}

std::string outcome_of_head(ByteView head) {
  const auto read = read_frame_head(head);
  return read ? "ok" : std::string(name_of(read.error().code));
}

std::string outcome_of_body(const Bytes& body) {
  const auto read = read_frame_body(1, body);
  return read ? "ok" : std::string(name_of(read.error().code));
}

// A frame's head and body, taken apart as a channel does.
Frame frame_of(const Bytes& bytes) {
  const auto head = read_frame_head(ByteView(bytes).first(kFrameHeadBytes));
  REQUIRE(head);
  REQUIRE(head->body_bytes == bytes.size() - kFrameHeadBytes);
  return *read_frame_body(head->kind, ByteView(bytes).subspan(kFrameHeadBytes));
}

const Instant kNow = parse_time("2026-01-01T00:00:00Z").value();

std::vector<Request> requests() {
  PrepareRequest with_key;
  with_key.folder = "/run/x/1";
  with_key.place = KeyPlace::handed_over;
  with_key.secret_key = Secret(as_bytes("secret"));
  PrepareRequest elsewhere;
  elsewhere.folder = "/run/x/1";
  elsewhere.place = KeyPlace::operators_home;
  elsewhere.operators_home = "/srv/x/gnupg";
  elsewhere.operators_key = fingerprint_of(7);
  return {with_key,
          elsewhere,
          InspectRequest{to_bytes("certificate"), kNow},
          VerifyRequest{to_bytes("certificate"), {}, to_bytes("signature"), kNow, kNow},
          EncryptRequest{to_bytes("certificate"), fingerprint_of(7), to_bytes("packets"), kNow},
          SignRequest{to_bytes("text"), kNow},
          GenerateRequest{KeyKind::nistp521, "auth.example.org", kNow, Secret(as_bytes("sesame"))}};
}

std::vector<Reply> replies() {
  InspectReply inspected;
  inspected.facts.primary = {fingerprint_of(1), "rsa3072", kNow, kNow, true, false, false, false, false};
  inspected.facts.subkeys = {{fingerprint_of(2), "cv25519", kNow, std::nullopt, false, true, false, false, true}};
  inspected.facts.user_ids = {"Alice", std::string("\0\xFF", 2), ""};
  GenerateReply generated;
  generated.key = {Secret(as_bytes("secret")), to_bytes("certificate"), fingerprint_of(3)};
  return {CertificateReply{},
          inspected,
          VerifyReply{{1, true, Fingerprint(), fingerprint_of(4), "SHA256", kNow}},
          EncryptReply{to_bytes("packets")},
          SignReply{to_bytes("signature"), fingerprint_of(5)},
          std::move(generated),
          FailureReply{{ErrorCode::certificate_refused, "why"}}};
}

}  // namespace

TEST_CASE("a frame comes out of its bytes as it went in") {
  const Bytes bytes = *write_frame(7, {as_bytes("one"), {}, as_bytes("three")});
  const Frame frame = frame_of(bytes);
  CHECK(frame.kind == 7);
  REQUIRE(frame.fields.size() == 3);
  CHECK(to_string(frame.fields[0]) == "one");
  CHECK(frame.fields[1].empty());
  CHECK(to_string(frame.fields[2]) == "three");
  CHECK(frame_of(*write_frame(7, {})).fields.empty());
}

TEST_CASE("a frame's head says the one version and a size within the limit") {
  const Bytes good = *write_frame(1, {as_bytes("x")});
  const ByteView head = ByteView(good).first(kFrameHeadBytes);
  CHECK(outcome_of_head(head) == "ok");
  CHECK(outcome_of_head(head.first(7)) == "malformed_message");
  CHECK(outcome_of_head({}) == "malformed_message");
  const auto changed = [&](std::size_t at, std::uint8_t byte) {
    Bytes copy(head.begin(), head.end());
    copy[at] = byte;
    return outcome_of_head(copy);
  };
  CHECK(changed(0, 'c') == "malformed_message");
  CHECK(changed(1, 'c') == "malformed_message");
  CHECK(changed(2, 0) == "unknown_version");
  CHECK(changed(2, 2) == "unknown_version");
  CHECK(changed(5, 8) == "message_too_large");
  CHECK(changed(4, 0xFF) == "message_too_large");
  CHECK(outcome_of_head(Bytes{'C', 'G', 1, 1, 0, 8, 0, 0}) == "ok");
  CHECK(outcome_of_head(Bytes{'C', 'G', 1, 1, 0, 8, 0, 1}) == "message_too_large");
}

TEST_CASE("fields fill a frame's body exactly") {
  const Bytes whole = {0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0};
  CHECK(outcome_of_body(whole) == "ok");
  for (const std::size_t size : {1u, 3u, 4u, 5u, 7u, 9u}) {
    CHECK(outcome_of_body(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))) ==
          "malformed_message");
  }
  CHECK(outcome_of_body({0xFF, 0xFF, 0xFF, 0xFF, 'a'}) == "malformed_message");
  CHECK(outcome_of_body(Bytes(4 * kFrameFieldsMax, 0)) == "ok");
  CHECK(outcome_of_body(Bytes(4 * kFrameFieldsMax + 4, 0)) == "malformed_message");
}

TEST_CASE("what is over a limit is not written at all") {
  const Bytes large(kFrameBodyBytesMax - 4, 'x');
  CHECK(write_frame(1, {large}));
  CHECK(write_frame(1, {large, {}}).error().code == ErrorCode::message_too_large);
  CHECK(write_frame(1, std::vector<ByteView>(kFrameFieldsMax + 1)).error().code == ErrorCode::message_too_large);
}

TEST_CASE("every request and reply is read back as the bytes it was written as") {
  for (const Request& request : requests()) {
    const Bytes bytes = *write_request(request);
    const auto read = read_request(frame_of(bytes));
    REQUIRE(read);
    CHECK(read->index() == request.index());
    CHECK(*write_request(*read) == bytes);
  }
  for (const Reply& reply : replies()) {
    const Bytes bytes = *write_reply(reply);
    const auto read = read_reply(frame_of(bytes));
    REQUIRE(read);
    CHECK(read->index() == reply.index());
    CHECK(*write_reply(*read) == bytes);
  }
}

TEST_CASE("a message with a field more or less or of another size is refused") {
  const auto check_both = [](const Bytes& bytes, bool is_request, bool open_ended) {
    const Frame whole = frame_of(bytes);
    const auto accepted = [&](const Frame& frame) {
      return is_request ? read_request(frame).has_value() : read_reply(frame).has_value();
    };
    REQUIRE(accepted(whole));
    Frame more = whole;
    more.fields.emplace_back();
    CHECK(accepted(more) == open_ended);
    Frame less = whole;
    less.fields.pop_back();
    CHECK(accepted(less) == open_ended);
    Frame none = whole;
    none.fields.clear();
    CHECK_FALSE(accepted(none));
    Frame other = whole;
    other.kind = 0x7F;
    CHECK_FALSE(accepted(other));
  };
  for (const Request& request : requests()) check_both(*write_request(request), true, false);
  // Facts of a certificate end in any number of user ids.
  for (const Reply& reply : replies()) {
    check_both(*write_reply(reply), false, std::holds_alternative<InspectReply>(reply));
  }
}

TEST_CASE("a worker fails with two codes and no other") {
  for (const auto& [code, passes] : {std::pair{"openpgp_unavailable", true}, std::pair{"certificate_refused", true},
                                     std::pair{"signature_invalid", false}, std::pair{"", false}}) {
    const Frame frame{0x88, {as_bytes(code), as_bytes("why")}};
    CHECK(read_reply(frame).has_value() == passes);
  }
}

TEST_CASE("times beyond the year 9999 and a key that is nowhere do not pass") {
  const Bytes late = {0, 0, 0, 0x3B, 0, 0, 0, 0};
  const Bytes negative(8, 0xFF);
  for (const Bytes& time : {late, negative, Bytes(7, 0)}) {
    CHECK_FALSE(read_request(Frame{2, {as_bytes("certificate"), time}}));
  }
  const Bytes none(Fingerprint::kBytes, 0);
  const Bytes some(Fingerprint::kBytes, 1);
  const auto prepares = [](std::uint8_t place, std::string_view secret, std::string_view home, const Bytes& key,
                           std::string_view folder = "/x") {
    const Bytes where = {place};
    return read_request(Frame{1, {as_bytes(folder), where, as_bytes(secret), as_bytes(home), key}}).has_value();
  };
  CHECK(prepares(0, "", "", none));
  CHECK(prepares(1, "secret", "", none));
  CHECK(prepares(2, "", "", some));
  CHECK(prepares(2, "", "/srv/x", some));
  CHECK_FALSE(prepares(3, "", "", none));
  CHECK_FALSE(prepares(0, "secret", "", none));
  CHECK_FALSE(prepares(1, "", "", none));
  CHECK_FALSE(prepares(1, "secret", "/srv/x", none));
  CHECK_FALSE(prepares(2, "", "/srv/x", none));
  CHECK_FALSE(prepares(2, "secret", "/srv/x", some));
  CHECK_FALSE(prepares(0, "", "", some));
  CHECK_FALSE(prepares(0, "", "", none, ""));
  CHECK_FALSE(prepares(0, "", "", none, std::string_view("/x\0y", 4)));
}
