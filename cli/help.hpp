// How help is laid out.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace countersign::cli {

// The help of the command that was named, no line wider than a terminal of 80 columns.
std::string help_text(const CLI::App& app);

}  // namespace countersign::cli
