#include "cli/supervisor.hpp"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <cstring>
#include <system_error>

#include "auth/base/log.hpp"

namespace countersign::cli {

void tell_supervisor(const char* state) {
  const int told = sd_notify(0, state);
  if (told >= 0) return;
  auth::log_event(auth::LogLevel::warning, "supervisor not told", {{"state", state}, {"detail", std::strerror(-told)}});
}

std::optional<std::filesystem::path> find_credential(const char* name) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder != '/') return std::nullopt;
  const std::filesystem::path file = std::filesystem::path(folder) / name;
  std::error_code error;
  if (std::filesystem::symlink_status(file, error).type() == std::filesystem::file_type::not_found) return std::nullopt;
  return file;
}

}  // namespace countersign::cli
