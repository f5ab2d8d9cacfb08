// Secrets in a folder of their own, a seal under them and a medium in memory: the ground that single roles stand on.
#pragma once

#include "auth/secrets/record_seal.hpp"
#include "storage/memory_medium.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_rng.hpp"
#include "tests/support/media.hpp"

namespace countersign::test {

struct SealedGround {
  SealedGround() : secrets(make(scratch.path() / "secrets")), seal(secrets) {}
  std::filesystem::path secrets_folder() const { return scratch.path() / "secrets"; }
  std::filesystem::path floor_path() const { return secrets_folder() / "floor"; }

  ScratchFolder scratch;
  FakeClock clock;
  FakeRng rng;
  storage::MemoryMedium medium;
  const auth::secrets::Secrets secrets;
  const auth::secrets::RecordSeal seal;

 private:
  // The server's key is any text here: nothing signs.
  static auth::secrets::Secrets make(const std::filesystem::path& folder) {
    auth::SystemRng rng;
    if (!auth::secrets::Secrets::create(folder, rng, kNoon, Secret(as_bytes("no key\n"))))
      throw std::runtime_error("secrets");
    auto secrets = auth::secrets::Secrets::load(folder, kNoon);
    if (!secrets) throw std::runtime_error("secrets: " + secrets.error().detail);
    return *std::move(secrets);
  }
};

}  // namespace countersign::test
