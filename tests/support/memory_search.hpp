// What another process holds in its memory, as root may read it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::test {

// Everything that it may write to: heap, stacks, what libraries keep. Where the text begins, each with the name of its
// mapping and the bytes around it; nothing where this process may not look.
std::optional<std::vector<std::string>> places_in_memory(pid_t process, std::string_view text);

}  // namespace countersign::test
