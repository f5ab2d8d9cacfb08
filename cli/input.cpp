#include "cli/input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <span>
#include <utility>

#include "auth/openpgp/gate/armor.hpp"
#include "cli/new_file.hpp"
#include "storage/base/text_encoding.hpp"

namespace countersign::cli {
namespace {

// A password fits into it at once, so that it is copied nowhere while it is read.
constexpr std::size_t kRoomFirst = 64u << 10;

tl::unexpected<Error> too_large(const std::string& name, std::size_t bytes_max) {
  return fail(ErrorCode::message_too_large, fmt::format("{} has more than {} bytes", name, bytes_max));
}

Result<std::string> read_text(const auth::records::ByteSource& source, std::size_t bytes_max, const std::string& name) {
  const std::size_t raw_max = 2 * bytes_max + 4;  // in UTF-16, with its mark
  std::string bytes;
  std::size_t size = 0;
  while (size <= raw_max) {
    if (size == bytes.size()) bytes.resize(std::min(raw_max + 1, std::max(kRoomFirst, 2 * size)));
    const std::size_t got =
        TRY(source(std::span(reinterpret_cast<std::uint8_t*>(bytes.data()) + size, bytes.size() - size)));
    if (got == 0) break;
    size += got;
  }
  bytes.resize(size);
  if (size > raw_max) {
    wipe(bytes);
    return too_large(name, bytes_max);
  }
  auto text = decode_text(std::move(bytes));
  if (!text) return fail(text.error().code, name + ": " + text.error().detail);
  if (text->size() <= bytes_max) return text;
  wipe(*text);
  return too_large(name, bytes_max);
}

auth::records::ByteSource source_of(std::istream& stream) {
  return [&stream](std::span<std::uint8_t> out) -> Result<std::size_t> {
    stream.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (stream.bad()) return fail(ErrorCode::file_refused, "stdin cannot be read");
    return static_cast<std::size_t>(stream.gcount());
  };
}

}  // namespace

Result<std::string> read_input(const std::string& path, std::size_t bytes_max, Terminal& terminal) {
  if (path.empty() || path == "-") return read_text(source_of(terminal.in()), bytes_max, "stdin");
  return read_text(TRY(read_file(path)), bytes_max, path);
}

Result<std::string> read_certificate(const std::string& path, std::size_t bytes_max, Terminal& terminal) {
  std::string text = TRY(read_input(path, bytes_max, terminal));
  if (auth::openpgp::gate::holds_armor(text)) return text;
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
