#include "cli/input.hpp"

#include <fmt/format.h>

#include <istream>
#include <span>
#include <utility>

#include "auth/openpgp/gate/armor.hpp"
#include "cli/new_file.hpp"

namespace countersign::cli {
namespace {

Result<std::string> cut_to(std::size_t size, std::size_t bytes_max, const std::string& name, std::string text) {
  text.resize(size);
  if (size <= bytes_max) return text;
  wipe(text);
  return fail(ErrorCode::message_too_large, fmt::format("{} has more than {} bytes", name, bytes_max));
}

Result<std::string> read_stdin(std::istream& stream, std::size_t bytes_max) {
  std::string text(bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return fail(ErrorCode::file_refused, "stdin cannot be read");
  return cut_to(static_cast<std::size_t>(stream.gcount()), bytes_max, "stdin", std::move(text));
}

}  // namespace

Result<std::string> read_input(const std::string& path, std::size_t bytes_max, Terminal& terminal) {
  if (path.empty() || path == "-") return read_stdin(terminal.in(), bytes_max);
  const auto source = TRY(read_file(path));
  std::string text(bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t got =
        TRY(source(std::span(reinterpret_cast<std::uint8_t*>(text.data()) + size, text.size() - size)));
    if (got == 0) break;
    size += got;
  }
  return cut_to(size, bytes_max, path, std::move(text));
}

Result<std::string> read_certificate(const std::string& path, std::size_t bytes_max, Terminal& terminal) {
  std::string text = TRY(read_input(path, bytes_max, terminal));
  if (auth::openpgp::gate::looks_armored(text)) return text;
  // As saved from a mail. Taken for binary it would be refused for a packet that nobody sees.
  if (text.find("-----BEGIN PGP ") != std::string::npos) {
    return fail(ErrorCode::armor_invalid, "something stands before the block; hand in the block alone");
  }
  return auth::openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", as_bytes(text));
}

Result<Secret> read_password(const std::string& path, std::string_view question, Terminal& terminal) {
  constexpr std::size_t kBytesMax = (4u << 10) + 2;  // a password in any form, and the end of its line
  if (path.empty()) return terminal.ask_password(question, "--password-file FILE, or - for stdin");
  std::string text = TRY(read_input(path, kBytesMax, terminal));
  std::size_t size = text.size();
  if (size > 0 && text[size - 1] == '\n') --size;
  if (size < text.size() && size > 0 && text[size - 1] == '\r') --size;
  Secret password(as_bytes(text).first(size));
  wipe(text);
  return password;
}

}  // namespace countersign::cli
