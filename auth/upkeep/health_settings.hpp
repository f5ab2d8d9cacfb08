// When an operator is warned, and what whoever opened the store knows of where it lies.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "storage/base/time.hpp"

namespace countersign::auth::upkeep {

struct StoreFacts {
  std::string kind;                             // of the medium
  std::optional<std::int64_t> bytes;            // nothing where counting them takes as long as the store is large
  std::optional<std::int64_t> disk_free_bytes;  // nothing where the disk does not say
  bool moved_away = false;                      // what was opened does not lie in its place any more
};

struct HealthSettings {
  Seconds backup_age{0};                         // of the last backup, when it is too old; zero: it never is
  Seconds secret_age{0};                         // the same of a seal or record key in use
  std::int64_t disk_free_bytes = 0;              // less than that is too little
  std::function<StoreFacts()> store_facts = {};  // any thread; empty: nothing is known
};

}  // namespace countersign::auth::upkeep
