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

// Holds the places of stdin, stdout and stderr where they are closed. A file that is opened later would get one of
// these numbers, and what is said would be written into it. Reading from such a one fails, and so does writing to it.
void hold_standard_descriptors();

}  // namespace countersign::cli
