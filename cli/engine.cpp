#include "cli/engine.hpp"

#include <algorithm>
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
// Itself, also after the file was replaced by a newer one.
constexpr const char* kThisProgram = "/proc/self/exe";

template <class Engine>
Result<std::unique_ptr<auth::openpgp::OpenPgp>> opened(Result<std::unique_ptr<Engine>> engine) {
  if (engine) return std::unique_ptr<auth::openpgp::OpenPgp>(*std::move(engine));
  if (engine.error().code != ErrorCode::certificate_refused) return tl::unexpected<Error>(engine.error());
  return fail(ErrorCode::startup_refused, "the server's secret key: " + engine.error().detail);
}

Result<std::unique_ptr<OpenPgp>> open_rnp(const Secret& packets) {
  return opened(auth::openpgp::RnpOpenPgp::open(packets));
}

Result<std::unique_ptr<OpenPgp>> open_gpgme(const Secret& packets, std::size_t workers) {
  auth::openpgp::GpgmeOptions options;
  options.worker_program = kThisProgram;
  options.workers = workers;
  return opened(auth::openpgp::GpgmeOpenPgp::open(packets, options));
}

}  // namespace

Result<std::unique_ptr<auth::openpgp::OpenPgp>> open_engine(OpenPgpEngine engine, const Secret& armored_key,
                                                            std::size_t workers) {
  Secret packets;
  if (!armored_key.empty()) {
    auto binary = auth::openpgp::dearmor("PGP PRIVATE KEY BLOCK", armored_key.reveal_text());
    if (!binary) return fail(ErrorCode::startup_refused, "the server's secret key is not an armored secret key");
    packets = Secret::take(*binary);
  }
  switch (engine) {
    case OpenPgpEngine::rnp:
      return open_rnp(packets);
    case OpenPgpEngine::gpgme:
      return open_gpgme(packets, workers);
    case OpenPgpEngine::both: {
      // GnuPG first: its workers are cheaper to start the less this process holds.
      BothOpenPgp::Engine gpgme{std::string(name_of(OpenPgpEngine::gpgme)), TRY(open_gpgme(Secret(), workers))};
      BothOpenPgp::Engine rnp{std::string(name_of(OpenPgpEngine::rnp)), TRY(open_rnp(packets))};
      return std::unique_ptr<OpenPgp>(std::make_unique<BothOpenPgp>(std::move(rnp), std::move(gpgme)));
    }
  }
  return fail(ErrorCode::invalid_settings, "unknown engine");
}

std::size_t engine_workers() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kWorkersMax);
}

}  // namespace countersign::cli
