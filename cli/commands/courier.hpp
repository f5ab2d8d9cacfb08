// The server's two sides of a stick.
#pragma once

#include <string>
#include <vector>

#include "cli/challenge_request.hpp"
#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct CourierExportOptions {
  std::vector<std::string> users;
  std::string to;  // the stick's folder
  ChallengePurpose purpose;
};
Status run_courier_export(const CourierExportOptions& options, CommandContext& context);

struct CourierImportOptions {
  std::string folder;
};
Status run_courier_import(const CourierImportOptions& options, CommandContext& context);

}  // namespace countersign::cli
