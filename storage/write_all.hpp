// Writing to an open file until everything is there.
#pragma once

#include "storage/base/bytes.hpp"

namespace countersign::storage {

// False with the reason in errno. What was written by then stays.
bool write_all(int fd, ByteView bytes);

}  // namespace countersign::storage
