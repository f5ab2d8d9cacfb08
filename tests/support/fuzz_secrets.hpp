// For fuzz targets: a server's secrets, made once, and nothing of them left on disk.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "auth/base/rng.hpp"
#include "auth/secrets/secrets.hpp"
#include "tests/support/fuzz.hpp"

namespace countersign::test {

inline const auth::secrets::Secrets& fuzz_secrets() {
  static const auth::secrets::Secrets loaded = [] {
    std::string folder = (std::filesystem::temp_directory_path() / "countersign-fuzz-XXXXXX").native();
    FUZZ_CHECK(::mkdtemp(folder.data()) != nullptr);
    auth::SystemRng rng;
    FUZZ_CHECK(auth::secrets::Secrets::create(folder, rng, Instant(), Secret(as_bytes("no key"))).has_value());
    auto made = auth::secrets::Secrets::load(folder, Instant());
    std::filesystem::remove_all(folder);
    FUZZ_CHECK(made.has_value());
    return *std::move(made);
  }();
  return loaded;
}

}  // namespace countersign::test
