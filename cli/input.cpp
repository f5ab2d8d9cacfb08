#include "cli/input.hpp"

#include <fmt/format.h>

#include <fstream>
#include <istream>

#include "auth/openpgp/gate/armor.hpp"

namespace countersign::cli {
namespace {

Result<std::string> read_stream(std::istream& stream, const std::string& name, std::size_t bytes_max) {
  std::string text(bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return fail(ErrorCode::file_refused, name + " cannot be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > bytes_max) {
    return fail(ErrorCode::message_too_large, fmt::format("{} has more than {} bytes", name, bytes_max));
  }
  return text;
}

}  // namespace

Result<std::string> read_input(const std::string& path, std::size_t bytes_max, Terminal& terminal) {
  if (path.empty() || path == "-") return read_stream(terminal.in(), "stdin", bytes_max);
  std::ifstream file(path, std::ios::binary);
  // A folder opens and then cannot be read; peek tells.
  if (!file || (file.peek() == std::ifstream::traits_type::eof() && !file.eof())) {
    return fail(ErrorCode::file_refused, path + " cannot be read");
  }
  file.clear();
  return read_stream(file, path, bytes_max);
}

Result<std::string> read_certificate(const std::string& path, std::size_t bytes_max, Terminal& terminal) {
  std::string text = TRY(read_input(path, bytes_max, terminal));
  if (auth::openpgp::looks_armored(text)) return text;
  // As saved from a mail. Taken for binary it would be refused for a packet that nobody sees.
  if (text.find("-----BEGIN PGP ") != std::string::npos) {
    return fail(ErrorCode::armor_invalid, "something stands before the block; hand in the block alone");
  }
  return auth::openpgp::enarmor("PGP PUBLIC KEY BLOCK", as_bytes(text));
}

Result<Secret> read_password(const std::string& path, std::string_view question, Terminal& terminal) {
  constexpr std::size_t kBytesMax = 4096;
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
