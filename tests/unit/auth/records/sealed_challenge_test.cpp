#include "auth/records/sealed_challenge.hpp"

#include <catch2/catch.hpp>

#include <set>

#include "storage/base/hash.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr Seconds kLife{300};

// Judged for a login on the server that sealed it.
std::string judged(const records::Challenge& challenge, Instant now) {
  return outcome(judge_challenge(challenge, challenge.purpose, challenge.context, now));
}

}  // namespace

TEST_CASE("what was sealed is what opens") {
  House house;
  for (const records::Purpose purpose : {records::Purpose::login, records::Purpose::enrol, records::Purpose::rotate,
                                         records::Purpose::revoke, records::Purpose::password}) {
    for (const records::Transport transport :
         {records::Transport::http, records::Transport::courier, records::Transport::browser}) {
      records::Challenge challenge = house.challenge_for(alice(), purpose, transport);
      challenge.epoch = 0x0123456789abcdef;
      const records::SealedChallenge sealed = seal_challenge(challenge, house.secrets().newest_seal_key());
      const records::OpenedChallenge opened = must(records::open_challenge(sealed.text, house.secrets()));
      CHECK(opened.challenge.purpose == purpose);
      CHECK(opened.challenge.transport == transport);
      CHECK(opened.challenge.account == challenge.account);
      CHECK(opened.challenge.key == challenge.key);
      CHECK(opened.challenge.epoch == challenge.epoch);
      CHECK(opened.challenge.issued_at == challenge.issued_at);
      CHECK(opened.challenge.expires_at == challenge.expires_at);
      CHECK(opened.challenge.random == challenge.random);
      CHECK(opened.challenge.context == challenge.context);
      CHECK(opened.challenge.server_key == challenge.server_key);
      CHECK(opened.challenge.extra == challenge.extra);
      CHECK(opened.challenge.browser == challenge.browser);
      CHECK(opened.sealed.code == sealed.code);
      CHECK(sealed.code.empty() == (transport != records::Transport::browser));
      CHECK(must(records::purpose_claimed_in(sealed.text)) == purpose);
      CHECK(opened.sealed.text == sealed.text);
      CHECK(opened.sealed.tag == sealed.tag);
      CHECK(opened.sealed.nonce == sealed.nonce);
    }
  }
}

TEST_CASE("a code is of one challenge and one sealing key") {
  House house;
  std::set<std::string> codes;
  for (int i = 0; i < 50; ++i) {
    const auto challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::browser);
    const auto sealed = seal_challenge(challenge, house.secrets().newest_seal_key());
    CHECK(sealed.code.size() == 8);
    CHECK(sealed.code.find_first_not_of("0123456789") == std::string::npos);
    CHECK(sealed.code == records::code_of(sealed.tag, house.secrets().newest_seal_key()));
    House other;
    CHECK(sealed.code != records::code_of(sealed.tag, other.secrets().newest_seal_key()));
    codes.insert(sealed.code);
  }
  CHECK(codes.size() == 50);
}

TEST_CASE("a sealed challenge has the fields and sizes of its format") {
  House house;
  const records::Challenge challenge =
      house.challenge_for(alice(), records::Purpose::enrol, records::Transport::courier);
  const Bytes bytes = *from_base64url(seal_challenge(challenge, house.secrets().newest_seal_key()).text);
  REQUIRE(bytes.size() == 1 + 8 + 1 + 1 + 32 + 20 + 8 + 8 + 8 + 16 + 32 + 20 + 2 + alice().name().size() + 16);
  CHECK(bytes[0] == 1);
  CHECK(hex(ByteView(bytes).subspan(1, 8)) == house.secrets().newest_seal_key().id);
  CHECK(bytes[9] == 2);
  CHECK(bytes[10] == 2);
  CHECK(hex(ByteView(bytes).subspan(11, 32)) == alice().account());
  CHECK(as_text(ByteView(bytes).subspan(157, 5)) == "alice");
}

TEST_CASE("every flipped bit of a sealed challenge is noticed") {
  House house;
  const records::Challenge challenge = house.challenge_for(alice(), records::Purpose::enrol, records::Transport::http);
  const Bytes sealed = *from_base64url(seal_challenge(challenge, house.secrets().newest_seal_key()).text);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      Bytes flipped = sealed;
      flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1 << bit));
      CAPTURE(at, bit);
      CHECK(outcome(records::open_challenge(base64url(flipped), house.secrets())) == "challenge_invalid");
    }
  }
}

TEST_CASE("a sealed challenge cut off or drawn out anywhere is refused") {
  House house;
  const records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
  const Bytes sealed = *from_base64url(seal_challenge(challenge, house.secrets().newest_seal_key()).text);
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    CAPTURE(size);
    CHECK(outcome(records::open_challenge(base64url(ByteView(sealed).first(size)), house.secrets())) ==
          "challenge_invalid");
  }
  Bytes longer = sealed;
  longer.push_back(0);
  CHECK(outcome(records::open_challenge(base64url(longer), house.secrets())) == "challenge_invalid");
  CHECK(outcome(records::open_challenge(std::string(100'000, 'A'), house.secrets())) == "challenge_invalid");
}

TEST_CASE("S04 a login's name is sealed, comes back, and is neither to be read nor to be measured") {
  House house;
  records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::courier);
  const auto seal = [&](const std::string& name) {
    challenge.extra = name;
    const std::string text = seal_challenge(challenge, house.secrets().newest_seal_key()).text;
    CHECK(must(records::open_challenge(text, house.secrets())).challenge.extra == name);
    return text;
  };
  const std::string text = seal("wilhelmina");
  CHECK(to_string(from_base64url(text).value()).find("ilhelmina") == std::string::npos);
  CHECK(seal("al").size() == text.size());
  CHECK(seal(std::string(32, 'a')).size() == text.size());
  CHECK(seal(std::string(33, 'a')).size() > text.size());
  CHECK(seal(std::string(128, 'a')).size() > text.size());
  CHECK(seal("").size() < text.size());
}

TEST_CASE("S28 whoever opens a challenge to enrol does not read in it whether the name was somebody's before") {
  House house;
  records::Challenge challenge = house.challenge_for(alice(), records::Purpose::enrol, records::Transport::http);
  const auto field = [&](std::uint64_t epoch) {
    challenge.epoch = epoch;
    must(house.rng.fill(challenge.random));
    const std::string text = seal_challenge(challenge, house.secrets().newest_seal_key()).text;
    CHECK(must(records::open_challenge(text, house.secrets())).challenge.epoch == epoch);
    return hex(ByteView(from_base64url(text).value()).subspan(63, 8));
  };
  const std::set<std::string> seen = {field(0), field(0), field(0), field(8), field(8)};
  CHECK(seen.size() == 5);
  CHECK(seen.count(std::string(16, '0')) == 0);
}

TEST_CASE("a text that is no sealed challenge claims no purpose") {
  House house;
  const records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
  Bytes bytes = from_base64url(seal_challenge(challenge, house.secrets().newest_seal_key()).text).value();
  const auto claimed = [](ByteView sealed) { return outcome(records::purpose_claimed_in(base64url(sealed))); };
  CHECK(claimed(bytes) == "ok");
  for (std::size_t size = 0; size <= 1 + 8 + 16; ++size) {
    CHECK(claimed(ByteView(bytes).first(size)) == "challenge_invalid");
  }
  CHECK(outcome(records::purpose_claimed_in("no challenge")) == "challenge_invalid");
  CHECK(outcome(records::purpose_claimed_in(std::string(2049, 'A'))) == "challenge_invalid");
  for (const int purpose : {0, 6, 255}) {
    bytes[9] = static_cast<std::uint8_t>(purpose);
    CHECK(claimed(bytes) == "challenge_invalid");
  }
}

TEST_CASE("a response whose challenge claims another purpose is refused by whoever opens it") {
  House house;
  house.add(alice());
  for (const records::Purpose claimed : {records::Purpose::enrol, records::Purpose::rotate, records::Purpose::revoke}) {
    const auto challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::courier);
    proving::Response response = house.answer_to(alice(), challenge);
    Bytes bytes = from_base64url(response.challenge).value();
    bytes[9] = static_cast<std::uint8_t>(claimed);
    response.challenge = base64url(bytes);
    transport::Message message = message_of("response.redeem", transport::Carrier::local);
    message.fields = Json::object().set("response", fields_of(response));
    if (claimed != records::Purpose::revoke) message.fields.set("public_key", alice().certificate());
    if (claimed == records::Purpose::rotate) message.fields.set("new_response", fields_of(response));
    CAPTURE(name_of(claimed));
    CHECK(outcome(house.operations().run(message)) == "challenge_invalid");
  }
}

TEST_CASE("only canonical base64url opens") {
  House house;
  records::Challenge challenge = house.challenge_for(alice(), records::Purpose::enrol, records::Transport::http);
  challenge.extra = "bo";  // 175 bytes: the last character holds two bits that mean nothing
  const std::string text = seal_challenge(challenge, house.secrets().newest_seal_key()).text;
  REQUIRE(text.size() % 4 != 0);
  REQUIRE(records::open_challenge(text, house.secrets()));
  const auto refused = [&](const std::string& other) {
    CAPTURE(other);
    CHECK(outcome(records::open_challenge(other, house.secrets())) == "challenge_invalid");
  };
  refused(text + "=");
  refused(text + "==");
  refused(text + "\n");
  refused(" " + text);
  refused(text.substr(0, 8) + "\n" + text.substr(8));
  std::string last = text;
  last.back() = static_cast<char>(last.back() + 1);
  refused(last);
  std::string plus = text;
  for (char& c : plus) c = c == '-' ? '+' : c == '_' ? '/' : c;
  if (plus != text) refused(plus);
}

TEST_CASE("a challenge of other secrets does not open") {
  House house;
  House other;
  const records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
  const std::string text = seal_challenge(challenge, other.secrets().newest_seal_key()).text;
  CHECK(outcome(records::open_challenge(text, house.secrets())) == "challenge_invalid");
  // Also not under the id of a key that this server has.
  secrets::SecretKey impostor = other.secrets().newest_seal_key();
  impostor.id = house.secrets().newest_seal_key().id;
  CHECK(outcome(records::open_challenge(seal_challenge(challenge, impostor).text, house.secrets())) ==
        "challenge_invalid");
}

TEST_CASE("S74 a sealed challenge of another format version is refused") {
  House house;
  Bytes bytes =
      *from_base64url(seal_challenge(house.challenge_for(alice(), records::Purpose::login, records::Transport::http),
                                     house.secrets().newest_seal_key())
                          .text);
  bytes[0] = 2;
  const auto opened = records::open_challenge(base64url(bytes), house.secrets());
  CHECK(outcome(opened) == "challenge_invalid");
  CHECK(opened.error().detail.find("version") != std::string::npos);
}

TEST_CASE("the nonce follows from the whole sealed challenge and the key alone") {
  House house;
  records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
  const secrets::SecretKey& key = house.secrets().newest_seal_key();
  const records::SealedChallenge first = seal_challenge(challenge, key);
  CHECK(from_base64url(first.nonce)->size() == 32);
  CHECK(seal_challenge(challenge, key).nonce == first.nonce);
  challenge.random[0] = static_cast<std::uint8_t>(challenge.random[0] ^ 1);
  CHECK(seal_challenge(challenge, key).nonce != first.nonce);
  CHECK(seal_challenge(challenge, key).tag != first.tag);
}

TEST_CASE("a challenge expires at its expiry instant and not after it") {
  House house;
  const records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
  CHECK(judged(challenge, challenge.issued_at) == "ok");
  CHECK(judged(challenge, challenge.issued_at + kLife - Seconds(1)) == "ok");
  CHECK(judged(challenge, challenge.issued_at + kLife) == "challenge_expired");
  CHECK(judged(challenge, challenge.issued_at + std::chrono::years(50)) == "challenge_expired");
  const auto late = judge_challenge(challenge, challenge.purpose, challenge.context, challenge.expires_at);
  CHECK(late.error().detail == "at " + format_time(challenge.expires_at));
}

TEST_CASE("a challenge from more than a minute ahead is not valid yet") {
  House house;
  const records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
  CHECK(judged(challenge, challenge.issued_at - Seconds(60)) == "ok");
  CHECK(judged(challenge, challenge.issued_at - Seconds(61)) == "challenge_not_yet_valid");
}

TEST_CASE("a challenge is of one store and one server name and one purpose") {
  const Bytes store = to_bytes("store");
  records::Challenge challenge;
  challenge.context = records::context_of(store, "https://auth.example.org");
  challenge.issued_at = kNoon;
  challenge.expires_at = kNoon + kLife;
  const auto judge = [&](const Digest& context, records::Purpose purpose) {
    return outcome(judge_challenge(challenge, purpose, context, kNoon));
  };
  CHECK(judge(challenge.context, records::Purpose::login) == "ok");
  CHECK(judge(records::context_of(to_bytes("other"), "https://auth.example.org"), records::Purpose::login) ==
        "challenge_of_another_server");
  CHECK(judge(records::context_of(store, "https://other.example.org"), records::Purpose::login) ==
        "challenge_of_another_server");
  for (const records::Purpose purpose :
       {records::Purpose::enrol, records::Purpose::rotate, records::Purpose::revoke, records::Purpose::password}) {
    CHECK(judge(challenge.context, purpose) == "challenge_of_another_purpose");
  }
}

TEST_CASE("store id and server name cannot be shifted into each other") {
  CHECK(records::context_of(to_bytes("ab"), "c") != records::context_of(to_bytes("a"), "bc"));
  // What was restored is another context; what never was has the form that it had before there were restores.
  CHECK(records::context_of(to_bytes("a"), "b") == sha256(as_bytes(std::string_view("a\0b", 3))));
  CHECK(records::context_of(to_bytes("a"), "b", 1) == sha256(as_bytes(std::string_view("a\0b\0\0\0\0\0\0\0\0\1", 12))));
}

namespace {

// With a right tag over whatever stands before it.
std::string resealed(Bytes bytes, const secrets::SecretKey& key) {
  const auto full = hmac_sha256(hkdf_sha256(key.key, as_bytes("countersign challenge v1"), 32), bytes);
  bytes.insert(bytes.end(), full.begin(), full.begin() + 16);
  return base64url(bytes);
}

}  // namespace

TEST_CASE("what a server's own key has sealed is refused where it is not of the format") {
  House house;
  const secrets::SecretKey& key = house.secrets().newest_seal_key();
  const auto verdict = [&](const Bytes& body) {
    return outcome(records::open_challenge(resealed(body, key), house.secrets()));
  };
  const auto body_of = [&](const std::string& extra) {
    records::Challenge challenge = house.challenge_for(alice(), records::Purpose::enrol, records::Transport::http);
    challenge.extra = extra;
    Bytes bytes = *from_base64url(seal_challenge(challenge, key).text);
    bytes.resize(bytes.size() - 16);
    return bytes;
  };
  const Bytes good = body_of("alice");
  CHECK(verdict(good) == "ok");
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = good;
    bytes.at(at) = value;
    return verdict(bytes);
  };
  for (const std::uint8_t value : std::initializer_list<std::uint8_t>{0, 6, 255}) {
    CHECK(changed(9, value) == "challenge_invalid");  // the purpose
  }
  for (const std::uint8_t value : std::initializer_list<std::uint8_t>{0, 3, 255}) {
    CHECK(changed(10, value) == "challenge_invalid");  // the transport
  }
  CHECK(changed(9, 1) == "challenge_invalid");  // a login, whose name is not padded
  CHECK(changed(156, 4) == "challenge_invalid");
  CHECK(changed(156, 6) == "challenge_invalid");
  // What is said besides has 512 bytes at most.
  Bytes longest = body_of(std::string(512, 'a'));
  CHECK(verdict(longest) == "ok");
  longest[156] = static_cast<std::uint8_t>(longest[156] + 1);
  longest.push_back('a');
  CHECK(verdict(longest) == "challenge_invalid");
}

TEST_CASE("why a text is no sealed challenge is said of its length first") {
  House house;
  const auto detail = [&](const std::string& text) {
    return records::open_challenge(text, house.secrets()).error().detail;
  };
  CHECK(detail(std::string(2049, 'A')) == "too long");
  CHECK(detail(std::string(2048, 'A')) == "of an unknown format version");
  CHECK(detail(base64url(Bytes(25, 1))) == "too short");
  CHECK(detail(base64url(Bytes(26, 1))) == "sealed with a key that this server does not have");
  Bytes shortest(26, 1);
  CHECK(must(records::purpose_claimed_in(base64url(shortest))) == records::Purpose::login);
}

TEST_CASE("a statement says besides what its purpose has a line for, and of a login no name") {
  House house;
  for (const records::Purpose purpose : {records::Purpose::login, records::Purpose::enrol}) {
    records::Challenge challenge = house.challenge_for(alice(), purpose, records::Transport::http);
    challenge.extra = "alice";
    const std::string text = seal_challenge(challenge, house.secrets().newest_seal_key()).text;
    const auto opened = must(records::open_challenge(text, house.secrets()));
    CHECK(statement_of(opened, "https://auth.example.org").extra ==
          (purpose == records::Purpose::enrol ? "alice" : ""));
  }
}
