// File descriptors: how many this process may have, and how many of them connections may take.
#pragma once

#include <cstddef>

namespace countersign::cli {

// To all that the system allows; gives how many that is.
std::size_t raise_descriptor_limit();
// What a program that knows no more than select() expects: GnuPG's, which are started by a worker of ours.
void lower_descriptor_limit();

// What was asked for, or fewer where there are not so many descriptors: storage, workers of GnuPG and open files have
// theirs first, so that strangers' connections are never the reason that they find none.
std::size_t connections_within(std::size_t descriptors, std::size_t workers, std::size_t asked_for);

}  // namespace countersign::cli
