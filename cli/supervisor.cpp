#include "cli/supervisor.hpp"

#include <systemd/sd-daemon.h>

#include <cstring>

#include "auth/base/log.hpp"

namespace countersign::cli {

void tell_supervisor(const char* state) {
  const int told = sd_notify(0, state);
  if (told >= 0) return;
  auth::log_event(auth::LogLevel::warning, "supervisor not told", {{"state", state}, {"detail", std::strerror(-told)}});
}

}  // namespace countersign::cli
