// No name is another's folder: one judgement for every medium.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.hpp"
#include "storage/batch.hpp"

namespace countersign::storage {

// conflict, if a put of the batch would make one name another's folder once the whole batch has been applied. Both
// questions are about the names before the batch: is there such a name, and which are the first `limit` below a prefix.
Status check_folder_rule(
    const Batch& batch, const std::function<Result<bool>(std::string_view name)>& exists,
    const std::function<Result<std::vector<std::string>>(std::string_view prefix, std::size_t limit)>& first_of);

}  // namespace countersign::storage
