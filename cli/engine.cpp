#include "cli/engine.hpp"

#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "auth/openpgp/both_openpgp.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gnupg/gpgme_openpgp.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"

namespace countersign::cli {
namespace {

using auth::openpgp::BothOpenPgp;
using auth::openpgp::OpenPgp;

constexpr std::size_t kWorkersMax = 4;

// Also after the file was replaced by a newer one, where there is a /proc.
std::filesystem::path this_program() {
  constexpr const char* kRunning = "/proc/self/exe";
  if (::access(kRunning, X_OK) == 0) return kRunning;
  const auto* const executed = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  std::error_code error;
  return executed == nullptr ? std::filesystem::path() : std::filesystem::absolute(executed, error);
}

template <class Engine>
Result<std::unique_ptr<auth::openpgp::OpenPgp>> opened(Result<std::unique_ptr<Engine>> engine) {
  if (engine) return std::unique_ptr<auth::openpgp::OpenPgp>(*std::move(engine));
  if (engine.error().code != ErrorCode::certificate_refused) return tl::unexpected<Error>(engine.error());
  return fail(ErrorCode::startup_refused, "the server's secret key: " + engine.error().detail);
}

Result<std::unique_ptr<OpenPgp>> open_rnp(const Secret& packets) {
  return opened(auth::openpgp::rnp::RnpOpenPgp::open(packets));
}

auth::openpgp::gnupg::GpgmeOptions gpgme_options(std::size_t workers) {
  auth::openpgp::gnupg::GpgmeOptions options;
  options.worker_program = this_program();
  options.workers = workers;
  return options;
}

Result<std::unique_ptr<OpenPgp>> open_gpgme(const Secret& packets, std::size_t workers) {
  return opened(auth::openpgp::gnupg::GpgmeOpenPgp::open(packets, gpgme_options(workers)));
}

// The first holds the server's key.
std::unique_ptr<OpenPgp> both(OpenPgpEngine holder, std::unique_ptr<OpenPgp> holding, OpenPgpEngine other,
                              std::unique_ptr<OpenPgp> second) {
  return std::make_unique<BothOpenPgp>(BothOpenPgp::Engine{std::string(name_of(holder)), std::move(holding)},
                                       BothOpenPgp::Engine{std::string(name_of(other)), std::move(second)});
}

}  // namespace

Result<std::unique_ptr<auth::openpgp::OpenPgp>> open_engine(OpenPgpEngine engine, const Secret& packets,
                                                            std::size_t workers) {
  switch (engine) {
    case OpenPgpEngine::rnp:
      return open_rnp(packets);
    case OpenPgpEngine::gpgme:
      return open_gpgme(packets, workers);
    case OpenPgpEngine::both: {
      // GnuPG first: its workers are cheaper to start the less this process holds.
      auto gpgme = TRY(open_gpgme(Secret(), workers));
      auto rnp = TRY(open_rnp(packets));
      return both(OpenPgpEngine::rnp, std::move(rnp), OpenPgpEngine::gpgme, std::move(gpgme));
    }
  }
  return fail(ErrorCode::invalid_settings, "unknown engine");
}

Result<EngineOnGnupgKey> open_engine_on_gnupg_key(OpenPgpEngine engine, const std::string& home,
                                                  const auth::Fingerprint& key, std::size_t workers) {
  if (engine == OpenPgpEngine::rnp) return fail(ErrorCode::invalid_settings, "rnp cannot reach a key in a GnuPG home");
  std::error_code ignored;
  if (!std::filesystem::is_directory(home, ignored)) {
    const char* const why = std::filesystem::exists(home, ignored) ? "no folder" : "not there";
    return fail(ErrorCode::openpgp_unavailable, home + ", the GnuPG home of the server's key, is " + why);
  }
  auto gpgme = auth::openpgp::gnupg::GpgmeOpenPgp::open({home, key}, gpgme_options(workers));
  if (!gpgme && gpgme.error().code == ErrorCode::certificate_refused) {
    return fail(ErrorCode::startup_refused, "the server's key: " + gpgme.error().detail);
  }
  if (!gpgme) return tl::unexpected<Error>(gpgme.error());
  EngineOnGnupgKey out;
  out.reach = gpgme->get();
  out.certificate = auth::openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", (*gpgme)->server_certificate()->packets());
  out.engine = *std::move(gpgme);
  if (engine == OpenPgpEngine::both) {
    auto rnp = TRY(open_rnp(Secret()));
    out.engine = both(OpenPgpEngine::gpgme, std::move(out.engine), OpenPgpEngine::rnp, std::move(rnp));
  }
  return out;
}

std::size_t engine_workers() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kWorkersMax);
}

}  // namespace countersign::cli
