// What each engine costs: encrypt-and-sign (seal), verify and inspect, for the kinds of key that people have.
//
// Beside them stands what they are measured against: a signature check by OpenSSL alone, below which no engine can go,
// and, since gpg's price is that of starting it, a process that only starts and ends, forked by a small server and by a
// large one.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "auth/openpgp/both_openpgp.hpp"
#include "auth/openpgp/gnupg/gpgme_openpgp.hpp"
#include "auth/openpgp/policy.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"

namespace countersign::bench {
namespace {

using namespace auth;
using namespace auth::openpgp;

using OpenedEngine = std::unique_ptr<OpenPgp>;

struct Engine {
  const char* name;
  Result<OpenedEngine> (*open)(const Secret& server_key);
};

struct Kind {
  const char* name;
  KeyKind kind;
};
constexpr Kind kKinds[] = {
    {"ed25519", KeyKind::ed25519_cv25519}, {"rsa3072", KeyKind::rsa3072}, {"nistp256", KeyKind::nistp256}};

const std::string kStatement =
    "countersign-statement-v1\npurpose: login\nserver: https://auth.example.org\n"
    "server-key: 102D44058634D44D92867BC1950DD5666EB335D4\n"
    "account: e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4\n"
    "key: 7E83D657744F8AD2656B40035C27A52981F1F86B\nchallenge: " +
    std::string(300, 'A') + "\nnonce: " + std::string(43, 'A') +
    "\nissued: 2026-11-21T17:20:00Z\nexpires: 2026-11-21T17:25:00Z\ntransport: http\n";
const Instant kBirth = parse_time("2026-11-01T00:00:00Z").value();
const Instant kNow = parse_time("2026-11-21T17:21:00Z").value();

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::cerr << name_of(result.error().code) << ": " << result.error().detail << '\n';
  std::exit(1);
}

Result<OpenedEngine> open_rnp(const Secret& server_key) {
  return OpenedEngine(TRY(openpgp::rnp::RnpOpenPgp::open(server_key)));
}

// One worker: what one operation costs, not how many there are at once.
Result<OpenedEngine> open_gpgme(const Secret& server_key) {
  openpgp::gnupg::GpgmeOptions options;
  options.worker_program = COUNTERSIGN_PROGRAM;
  return OpenedEngine(TRY(openpgp::gnupg::GpgmeOpenPgp::open(server_key, options)));
}

Result<OpenedEngine> open_both(const Secret& server_key) {
  auto rnp = TRY(open_rnp(server_key));
  auto gpgme = TRY(open_gpgme(Secret()));
  return OpenedEngine(std::make_unique<BothOpenPgp>(BothOpenPgp::Engine{"rnp", std::move(rnp)},
                                                    BothOpenPgp::Engine{"gpgme", std::move(gpgme)}));
}

constexpr Engine kEngines[] = {{"rnp", &open_rnp}, {"gpgme", &open_gpgme}, {"both", &open_both}};

// One person's key with a signature by it, made once for all engines.
struct Person {
  openpgp::gate::GatedCertificate certificate;
  Fingerprint encryption_key;
  openpgp::gate::GatedSignature signature;
};

Person make_person(KeyKind kind) {
  const auto maker = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
  const auto key = must(maker->generate({kind, "Alice <alice@example.org>", kBirth}));
  auto certificate = must(openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax));
  const auto facts = must(maker->inspect(certificate, kNow));
  auto encryption_key = must(choose_encryption_key(facts, kNow)).fingerprint;
  const auto signer = must(openpgp::rnp::RnpOpenPgp::open(key.secret_key));
  auto signature = must(openpgp::gate::admit_signature(must(signer->sign(kStatement, kNow))));
  return {std::move(certificate), encryption_key, std::move(signature)};
}

void fail_with(benchmark::State& state, const Error& error) {
  state.SkipWithError((std::string(name_of(error.code)) + ": " + error.detail).c_str());
}

void seal(benchmark::State& state, OpenPgp& engine, const Person& person) {
  for (auto _ : state) {
    const auto sealed = engine.seal({person.certificate, person.encryption_key, kStatement, true, kNow});
    if (!sealed) return fail_with(state, sealed.error());
    benchmark::DoNotOptimize(sealed->data());
  }
}

void verify(benchmark::State& state, OpenPgp& engine, const Person& person) {
  for (auto _ : state) {
    const auto facts = engine.verify(person.certificate, as_bytes(kStatement), person.signature, kNow);
    if (!facts) return fail_with(state, facts.error());
    if (!facts->valid) return state.SkipWithError("the signature did not verify");
  }
}

void inspect(benchmark::State& state, OpenPgp& engine, const Person& person) {
  for (auto _ : state) {
    const auto facts = engine.inspect(person.certificate, kNow);
    if (!facts) return fail_with(state, facts.error());
    benchmark::DoNotOptimize(facts->subkeys.size());
  }
}

// The limit: the same text, one key, no OpenPGP around it.
void openssl_verify(benchmark::State& state, const char* algorithm) {
  using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  const std::string_view name(algorithm);
  EVP_PKEY* const made = name == "ed25519"   ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                         : name == "rsa3072" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{3072})
                                             : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  const Pkey key(made, &EVP_PKEY_free);
  const EVP_MD* const digest = name == "ed25519" ? nullptr : EVP_sha512();
  const ByteView text = as_bytes(kStatement);
  Bytes signature(1024);
  std::size_t size = signature.size();
  const Context signing(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (EVP_DigestSignInit(signing.get(), nullptr, digest, nullptr, key.get()) != 1 ||
      EVP_DigestSign(signing.get(), signature.data(), &size, text.data(), text.size()) != 1) {
    return state.SkipWithError("OpenSSL does not sign");
  }
  for (auto _ : state) {
    const Context verifying(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (EVP_DigestVerifyInit(verifying.get(), nullptr, digest, nullptr, key.get()) != 1 ||
        EVP_DigestVerify(verifying.get(), signature.data(), size, text.data(), text.size()) != 1) {
      return state.SkipWithError("OpenSSL does not verify");
    }
  }
}

// Memory that a server holds, every page of it touched.
class Ballast {
 public:
  explicit Ballast(std::size_t bytes)
      : bytes_(bytes), start_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    // Pages of two MiB would make the server look smaller to fork than a grown heap is.
    if (start_ == MAP_FAILED) return;
    ::madvise(start_, bytes_, MADV_NOHUGEPAGE);
    std::memset(start_, 1, bytes_);
  }
  ~Ballast() {
    if (start_ != MAP_FAILED) ::munmap(start_, bytes_);
  }
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;
  bool is_there() const { return start_ != MAP_FAILED; }

 private:
  const std::size_t bytes_;
  void* const start_;
};

constexpr std::size_t kMebibyte = std::size_t{1} << 20;
const std::vector<std::int64_t> kServerMebibytes = {32, 1024};

// The GnuPG engine in a server of so many MiB: its process was started before, so the two must cost the same.
void verify_in_server(benchmark::State& state, OpenPgp& engine, const Person& person) {
  const Ballast ballast(static_cast<std::size_t>(state.range(0)) * kMebibyte);
  if (!ballast.is_there()) return state.SkipWithError("there is not that much memory");
  verify(state, engine, person);
}

// What each operation would cost more if the server forked gpg itself.
void fork_in_server(benchmark::State& state) {
  const Ballast ballast(static_cast<std::size_t>(state.range(0)) * kMebibyte);
  if (!ballast.is_there()) return state.SkipWithError("there is not that much memory");
  for (auto _ : state) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    if (child < 0 || ::waitpid(child, nullptr, 0) != child) return state.SkipWithError("fork");
  }
}

using Work = void (*)(benchmark::State&, OpenPgp&, const Person&);
struct Operation {
  const char* name;
  Work work;
};
constexpr Operation kOperations[] = {{"seal", &seal}, {"verify", &verify}, {"inspect", &inspect}};

}  // namespace

// Engines and people live until the last benchmark has run.
int run(int argc, char** argv) {
  const auto maker = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
  const auto server = must(maker->generate({KeyKind::ed25519_cv25519, "auth.example.org", kBirth}));
  std::vector<Person> people;
  for (const Kind& kind : kKinds) people.push_back(make_person(kind.kind));
  std::vector<OpenedEngine> engines;
  for (const Engine& engine : kEngines) engines.push_back(must(engine.open(server.secret_key)));

  for (const Operation& operation : kOperations) {
    for (std::size_t kind = 0; kind < people.size(); ++kind) {
      for (std::size_t engine = 0; engine < engines.size(); ++engine) {
        const std::string name = std::string(operation.name) + "/" + kEngines[engine].name + "/" + kKinds[kind].name;
        benchmark::RegisterBenchmark(name.c_str(), operation.work, std::ref(*engines[engine]), std::cref(people[kind]))
            ->Unit(benchmark::kMicrosecond)
            ->UseRealTime();
      }
      if (std::string_view(operation.name) != "verify") continue;
      benchmark::RegisterBenchmark((std::string("verify/openssl/") + kKinds[kind].name).c_str(), &openssl_verify,
                                   kKinds[kind].name)
          ->Unit(benchmark::kMicrosecond)
          ->UseRealTime();
    }
  }
  constexpr std::size_t gpgme = 1;
  static_assert(std::string_view(kEngines[gpgme].name) == "gpgme");
  benchmark::RegisterBenchmark("server_of_mib/verify/gpgme", &verify_in_server, std::ref(*engines[gpgme]),
                               std::cref(people.front()))
      ->ArgsProduct({kServerMebibytes})
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime();
  benchmark::RegisterBenchmark("server_of_mib/fork", &fork_in_server)
      ->ArgsProduct({kServerMebibytes})
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace countersign::bench

int main(int argc, char** argv) {
  return countersign::bench::run(argc, argv);
}
