// What a password hash costs, alone and with as many callers as cores, and what it costs others.
//
// Beside the hasher stand what it is made of and what it might have been: libargon2's own call, which allocates 64 MiB
// and starts a thread a lane each time, and libsodium, which makes hashes of one lane only. A session check is
// timed while nothing hashes, and while as many hash as the hasher lets.
#include <argon2.h>
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include "auth/authenticator.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/upkeep/founding.hpp"
#include "storage/memory_medium.hpp"

namespace countersign::bench {
namespace {

using namespace auth;

constexpr passwords::Argon2Parameters kFourLanes{64u << 10, 3, 4};
constexpr passwords::Argon2Parameters kOneLane{64u << 10, 3, 1};
const Secret kPassword{as_bytes("correct horse battery staple")};
const Secret kNoPepper;
const Bytes kSalt(passwords::kSaltBytes, 7);

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::cerr << name_of(result.error().code) << ": " << result.error().detail << '\n';
  std::exit(1);
}

passwords::Hasher& hasher() {
  static passwords::Hasher one{passwords::HasherSettings{}};
  return one;
}

void hash(benchmark::State& state, passwords::Argon2Parameters parameters) {
  for (auto _ : state) {
    if (!hasher().hash({kPassword, kSalt, parameters, kNoPepper})) state.SkipWithError("no hash");
  }
  state.counters["hashes/s"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void hash_plainly(benchmark::State& state, passwords::Argon2Parameters parameters) {
  std::array<char, 256> encoded{};
  for (auto _ : state) {
    const int status = argon2id_hash_encoded(parameters.passes, parameters.memory_kib, parameters.lanes,
                                             kPassword.reveal().data(), kPassword.size(), kSalt.data(), kSalt.size(),
                                             passwords::kTagBytes, encoded.data(), encoded.size());
    if (status != ARGON2_OK) state.SkipWithError(argon2_error_message(status));
  }
  state.counters["hashes/s"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void hash_by_sodium(benchmark::State& state) {
  std::array<unsigned char, passwords::kTagBytes> tag{};
  const auto text = kPassword.reveal_text();
  for (auto _ : state) {
    if (sodium_init() < 0 ||
        crypto_pwhash(tag.data(), tag.size(), text.data(), text.size(), kSalt.data(), kOneLane.passes,
                      std::size_t{kOneLane.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0) {
      state.SkipWithError("no hash");
    }
  }
  state.counters["hashes/s"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

// A server in memory with one account, alice, and a session of hers.
struct Server {
  Server()
      : secrets_folder(std::filesystem::temp_directory_path() / ("countersign-bench-" + std::to_string(getpid()))) {
    const auto generator = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
    const auto fingerprint = must(
        upkeep::found_store({"https://auth.example.org", secrets_folder, "server"}, medium, *generator, clock, rng));
    auto secrets = must(secrets::Secrets::load(secrets_folder, clock.now()));
    Bytes packets = must(openpgp::gate::dearmor("PGP PRIVATE KEY BLOCK", secrets.server_key_armored().reveal_text()));
    engine = must(openpgp::rnp::RnpOpenPgp::open(Secret::take(packets)));
    AuthenticatorSettings settings{"https://auth.example.org", fingerprint, secrets_folder / "floor", "server", {}, {}};
    settings.policies.rate_limit = false;
    auth = must(Authenticator::open(std::move(settings), std::move(secrets), medium, *engine, clock, rng));
    const auto key = must(generator->generate({openpgp::KeyKind::ed25519_cv25519, "alice", clock.now()}));
    must(auth->roles().enrolment.add({"alice", openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", key.certificate), false,
                                      must(passwords::Password::admit(kPassword))},
                                     visit));
    token = must(auth->roles().passwords.log_in(records::AccountName{"alice", ""},
                                                must(passwords::Password::admit(kPassword)), visit))
                .token;
  }
  ~Server() {
    auth.reset();
    std::error_code error;
    std::filesystem::remove_all(secrets_folder, error);
  }

  const std::filesystem::path secrets_folder;
  const Visit visit{Arrival::http, "192.0.2.1"};
  SystemClock clock;
  SystemRng rng;
  storage::MemoryMedium medium;
  std::unique_ptr<openpgp::OpenPgp> engine;
  std::unique_ptr<Authenticator> auth;
  Secret token;
};

void check_session(benchmark::State& state, std::size_t callers) {
  Server server;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto refused = server.auth->roles().passwords.log_in(
            records::AccountName{"nobody", ""}, must(passwords::Password::admit(kPassword)), server.visit);
        if (refused) std::abort();
      }
    });
  }
  while (callers > 0 && server.auth->roles().hasher.counts().waiting == 0) std::this_thread::yield();
  for (auto _ : state) {
    if (!server.auth->roles().sessions.admit(server.token, server.visit)) state.SkipWithError("no session");
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

[[maybe_unused]] const bool kRegistered = [] {
  const int cores = static_cast<int>(passwords::hashes_at_once());
  const auto add = [](const std::string& name, auto run) {
    return benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMillisecond);
  };
  const auto four = [](benchmark::State& state) { hash(state, kFourLanes); };
  const auto four_plainly = [](benchmark::State& state) { hash_plainly(state, kFourLanes); };
  add("password/hasher/64MiB,t=3,p=4", four);
  add("password/hasher/64MiB,t=3,p=4,a_caller_a_core", four)->Threads(cores);
  add("password/argon2id_hash_encoded/64MiB,t=3,p=4", four_plainly);
  add("password/argon2id_hash_encoded/64MiB,t=3,p=4,a_caller_a_core", four_plainly)->Threads(cores);
  add("password/hasher/64MiB,t=3,p=1", [](benchmark::State& state) { hash(state, kOneLane); });
  add("password/libsodium/64MiB,t=3,p=1", hash_by_sodium);
  add("session_check/nothing_hashes", [](benchmark::State& state) {
    check_session(state, 0);
  })->Unit(benchmark::kMicrosecond);
  add("session_check/hasher_saturated", [cores](benchmark::State& state) {
    check_session(state, static_cast<std::size_t>(cores) + passwords::HasherSettings().queue_max);
  })->Unit(benchmark::kMicrosecond);
  return true;
}();

}  // namespace
}  // namespace countersign::bench
