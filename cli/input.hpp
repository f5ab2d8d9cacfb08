// Files that a command is told to read or write.
#pragma once

#include <cstddef>
#include <string>

#include "auth/records/backup_file.hpp"
#include "cli/terminal.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::cli {

// The bytes of a file, or of stdin where the path is empty or "-", as they come. file_refused.
Result<auth::records::ByteSource> open_input(const std::string& path, Terminal& terminal);

// The whole file, or stdin where the path is empty or "-", as decode_text() gives it. file_refused where it cannot be
// read or decoded, message_too_large over `bytes_max`; no more than twice that is ever read, since it may be UTF-16.
Result<std::string> read_input(const std::string& path, std::size_t bytes_max, Terminal& terminal);

// What was refused in that file or in stdin, with its name before the reason, where the file's form is the reason.
Error about_input(const std::string& path, Error error);
template <class T>
Result<T> about_input(const std::string& path, Result<T> outcome) {
  if (outcome) return outcome;
  return tl::unexpected<Error>(about_input(path, std::move(outcome).error()));
}

// What an operation refused of the certificate in that file, with its name before the reason; as it is where no file
// was named.
Error about_certificate(const std::string& path, Error error);
template <class Outcome>
Outcome about_certificate(const std::string& path, Outcome outcome) {
  if (outcome) return outcome;
  return tl::unexpected<Error>(about_certificate(path, std::move(outcome).error()));
}

// A certificate file, armored or binary, as armored text. As read_input() and gate::admit_certificate().
Result<std::string> read_certificate(const std::string& path, std::size_t bytes_max, Terminal& terminal);

// A password: the file's or stdin's ("-") content without one line end at its end; asked for at the terminal where the
// path is empty. malformed_message where there is none; else as read_input() and Terminal::ask_password().
Result<Secret> read_password(const std::string& path, std::string_view question, Terminal& terminal);

}  // namespace countersign::cli
