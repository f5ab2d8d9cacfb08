// Nothing that lies about holds a token, a nonce or a private key, and a stick names nobody.
#include <signal.h>

#include <catch2/catch.hpp>
#include <map>

#include "storage/base/bytes.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// Everything in a folder, by path.
std::map<std::string, std::string> bytes_beneath(const fs::path& folder) {
  std::map<std::string, std::string> all;
  for (const fs::path& file : files_beneath(folder)) all[file.string()] = read_file(file);
  return all;
}

std::string standard_base64(std::string_view bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {
    const unsigned group = static_cast<unsigned>(static_cast<unsigned char>(bytes[i])) << 16 |
                           static_cast<unsigned>(static_cast<unsigned char>(bytes[i + 1])) << 8 |
                           static_cast<unsigned char>(bytes[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) out += kDigits[(group >> shift) & 63];
  }
  return out;
}

// The digits that the bytes have in every base64 text that holds them, whatever stands before them: one spelling for
// each alignment, in both alphabets.
std::vector<std::string> base64_spellings(std::string_view bytes) {
  std::vector<std::string> out;
  for (std::size_t skipped = 0; skipped < 3; ++skipped) {
    std::string text = standard_base64(bytes.substr(skipped));
    out.push_back(text);
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    out.push_back(text);
  }
  return out;
}

std::vector<std::string> spellings(const std::string& bytes) {
  std::vector<std::string> out = base64_spellings(bytes);
  out.push_back(bytes);
  out.push_back(hex(as_bytes(bytes)));
  std::string upper = out.back();
  for (char& c : upper) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  out.push_back(upper);
  return out;
}

std::string unlined(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  return text;
}

// Where any spelling of the secret stands, also across the lines of an armor.
std::vector<std::string> places_of(const std::map<std::string, std::string>& files, const std::string& secret) {
  std::vector<std::string> places;
  for (const auto& [path, bytes] : files) {
    const std::string joined = unlined(bytes);
    for (const std::string& spelling : spellings(secret)) {
      if (bytes.find(spelling) != std::string::npos || joined.find(spelling) != std::string::npos) {
        places.push_back(path);
      }
    }
  }
  return places;
}

std::string raw_of_token(const std::string& token) {
  return to_string(ByteView(from_base64url(std::string_view(token).substr(3)).value()));
}

std::string raw_nonce(const std::string& statement) {
  return to_string(ByteView(from_base64url(line_of(statement, "nonce")).value()));
}

// The secret numbers of a key as gpg exports it unprotected: the bytes behind the public part of each packet. Ed25519
// and Cv25519 scalars are the last 32 bytes before a two-byte checksum.
std::vector<std::string> secret_scalars(GnupgHome& home, const std::string& key) {
  std::vector<std::string> out;
  const std::string binary = home.export_secret_binary(key);
  const std::string packets = home.must({"--list-packets"}, binary);
  for (auto at = packets.find("# off="); at != std::string::npos; at = packets.find("# off=", at + 1)) {
    const std::string line = packets.substr(at, packets.find('\n', at) - at);
    std::size_t offset = 0, tag = 0, head = 0, body = 0;
    if (std::sscanf(line.c_str(), "# off=%zu ctb=%*x tag=%zu hlen=%zu plen=%zu", &offset, &tag, &head, &body) != 4) {
      continue;
    }
    if (tag == 5 || tag == 7) out.push_back(binary.substr(offset + head + body - 2 - 32, 32));
  }
  REQUIRE(out.size() == 2);
  return out;
}

std::string token_of(const WireReply& opened) {
  INFO(opened.body);
  REQUIRE(opened.status == 201);
  return field(json_of(opened.body), "token");
}

std::map<std::string, std::string> store_of(const Installation& installation) {
  auto files = bytes_beneath(installation.data());
  std::erase_if(files, [&](const auto& file) { return file.first.starts_with(installation.secrets().string()); });
  return files;
}

fs::path only_file(const fs::path& folder, std::string_view ending) {
  fs::path found;
  for (const fs::path& file : files_beneath(folder)) {
    if (file.filename().string().ends_with(ending)) found = file;
  }
  INFO(folder << ending);
  REQUIRE(!found.empty());
  return found;
}

}  // namespace

TEST_CASE("the scan finds what it looks for") {
  const std::string secret = "0123456789abcdefghijklmnopqrstuv";
  for (const std::string before : {"", "x", "xy"}) {
    const std::string text = standard_base64(before + secret + "tail-");
    REQUIRE(places_of({{"file", text.substr(0, 20) + "\r\n" + text.substr(20)}}, secret).size() >= 1);
  }
  REQUIRE(places_of({{"file", hex(as_bytes(secret))}}, secret).size() == 1);
  REQUIRE(places_of({{"file", secret.substr(1)}}, secret).empty());
}

TEST_CASE("S43 S50 the store and the log hold no token and no private key") {
  const std::string storage = GENERATE("sqlite", "directory");
  const Installation installation(storage);
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  std::vector<std::string> secrets = secret_scalars(alice.home, alice.key);
  std::vector<std::string> tokens;
  std::string log;
  const auto scan = [&] {
    const auto store = store_of(installation);
    REQUIRE(store.size() >= 2);
    for (const std::string& secret : secrets) CHECK(places_of(store, secret).empty());
    for (const std::string& token : tokens) CHECK(places_of(store, token).empty());
    for (const auto& [path, bytes] : store) {
      INFO(path);
      CHECK(bytes.find("PRIVATE KEY") == std::string::npos);
    }
  };
  {
    RunningServer server(installation);
    for (int i = 0; i < 2; ++i) {
      const std::string challenge = server.post_form("/v1/challenge", "username=alice").body;
      const std::string statement = alice.open(challenge);
      secrets.push_back(raw_nonce(statement));
      tokens.push_back(token_of(server.post_text("/v1/session", alice.answer(challenge))));
      secrets.push_back(raw_of_token(tokens.back()));
    }
    const WireReply refreshed =
        server.post("/v1/session/refresh", "", "Authorization: Bearer " + tokens.back() + "\r\n");
    tokens.push_back(field(json_of(refreshed.body), "token"));
    secrets.push_back(raw_of_token(tokens.back()));
    server.get("/v1/session", "Authorization: Bearer cs_wrong-" + tokens.back() + "\r\n");
    server.get("/v1/session?token=" + tokens.back());
    scan();  // with the -wal file of a server that runs
    server.stop(SIGTERM);
    log = server.log();
  }
  scan();
  const std::map<std::string, std::string> written = {{"log", log}};
  REQUIRE(log.find("refused") != std::string::npos);
  for (const std::string& secret : secrets) CHECK(places_of(written, secret).empty());
  for (const std::string& token : tokens) CHECK(places_of(written, token).empty());
}

TEST_CASE("S04 a stick names nobody and holds no nonce before the answer and no token ever") {
  const Installation installation;
  const std::string username = "wilhelmina-quux";
  GnupgUser person("Wilhelmina <wilhelmina-quux@example.org>");
  const std::string account = installation.add_account(username, person.certificate());
  const ScratchFolder stick;
  const auto scan_for_names = [&](const std::map<std::string, std::string>& files) {
    for (const std::string& identity : {username, std::string("ilhelmina"), account, person.key}) {
      CHECK(places_of(files, identity).empty());
      for (const auto& file : files) CHECK(file.first.find(identity) == std::string::npos);
    }
    CHECK(places_of(files, to_string(ByteView(from_hex(person.key).value()))).empty());
    CHECK(places_of(files, to_string(ByteView(from_hex(account).value()))).empty());
  };
  installation.must({"courier", "export", username, "--to", stick.path().string()});
  auto files = bytes_beneath(stick.path());
  REQUIRE(files.size() == 2);
  scan_for_names(files);
  const std::string challenge = read_file(only_file(stick.path(), ".challenge.asc"));
  const std::string statement = person.open(challenge);
  const std::string nonce = raw_nonce(statement);
  CHECK(places_of(files, nonce).empty());
  CHECK(places_of(files, statement).empty());

  installation.must(
      {"courier", "sign", stick.path().string(), "--server", kServerName, "--server-key", installation.fingerprint()},
      {}, &person.home);
  installation.must({"courier", "import", stick.path().string()});
  // The answer shows the account's id and key, which the server needs, but neither the name nor a token.
  files = bytes_beneath(stick.path());
  CHECK(places_of(files, username).empty());
  const std::string opened = installation.must(
      {"courier", "open", stick.path().string(), "--server", kServerName, "--server-key", installation.fingerprint()},
      {}, &person.home);
  const std::string token = opened.substr(0, opened.find('\n'));
  REQUIRE(token.starts_with("cs_"));
  CHECK(places_of(files, token).empty());
  CHECK(places_of(files, raw_of_token(token)).empty());
  for (const std::string& scalar : secret_scalars(person.home, person.key)) CHECK(places_of(files, scalar).empty());
  files.clear();
  files[""] = read_file(only_file(stick.path() / "outbox", ".session.asc"));
  scan_for_names(files);
  CHECK(places_of(store_of(installation), token).empty());
  CHECK(places_of(store_of(installation), raw_of_token(token)).empty());
}

TEST_CASE("a thief who posts a copied courier response first gets what only the key's holder opens") {
  const Installation installation;
  GnupgUser alice("Alice");
  GnupgUser thief("Thief");
  installation.add_account("alice", alice.certificate());
  const RunningServer server(installation);
  const ScratchFolder stick;
  installation.must({"courier", "export", "alice", "--to", stick.path().string()});
  installation.must(
      {"courier", "sign", stick.path().string(), "--server", kServerName, "--server-key", installation.fingerprint()},
      {}, &alice.home);
  const fs::path response = only_file(stick.path() / "inbox", ".response.asc");

  const WireReply stolen = server.post_text("/v1/session", read_file(response));
  REQUIRE(stolen.status == 201);
  CHECK(stolen.body.find("cs_") == std::string::npos);
  const Json answer = json_of(stolen.body);
  REQUIRE(answer.members()->size() == 1);
  const std::string grant = field(answer, "grant");
  CHECK(thief.home.decrypt(grant).output.empty());
  const ProgramRun tried = installation.run(
      {"courier", "open", "--server", kServerName, "--server-key", installation.fingerprint()}, grant, &thief.home);
  CHECK(tried.exit_code == 3);
  CHECK(tried.output.empty());

  for (int times = 0; times < 2; ++times) {
    fs::copy_file(response, stick.path() / "inbox" / "again.response.asc");
    installation.must({"courier", "import", stick.path().string()});
    CHECK(read_file(only_file(stick.path() / "outbox", ".session.asc")) == grant);
    fs::remove(stick.path() / "inbox" / "again.response.asc");
    if (fs::exists(stick.path() / "inbox" / "done" / response.filename())) {
      fs::rename(stick.path() / "inbox" / "done" / response.filename(), response);
    }
  }
  CHECK(installation.sessions_of("alice") == 1);
  const std::string opened = installation.must(
      {"courier", "open", "--server", kServerName, "--server-key", installation.fingerprint()}, grant, &alice.home);
  CHECK(server.session_status(opened.substr(0, opened.find('\n'))) == 200);
}
