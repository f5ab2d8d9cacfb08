#include "cli/input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <span>
#include <utility>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
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

bool is_stdin(const std::string& path) {
  return path.empty() || path == "-";
}

std::string name_of_input(const std::string& path) {
  return is_stdin(path) ? "stdin" : path;
}

// What an operation refuses for the sake of the certificate that it was given, whatever else it was asked.
constexpr ErrorCode kAboutCertificate[] = {
    ErrorCode::armor_invalid,        ErrorCode::packet_refused, ErrorCode::certificate_refused,
    ErrorCode::key_expired,          ErrorCode::key_revoked,    ErrorCode::key_policy,
    ErrorCode::engines_disagree,     ErrorCode::key_taken,      ErrorCode::certificate_disputed,
    ErrorCode::secret_key_handed_in,
};

}  // namespace

Result<auth::records::ByteSource> open_input(const std::string& path, Terminal& terminal) {
  if (!is_stdin(path)) return read_file(path);
  return auth::records::ByteSource([&stream = terminal.in()](std::span<std::uint8_t> out) -> Result<std::size_t> {
    stream.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (stream.bad()) return fail(ErrorCode::file_refused, "stdin cannot be read");
    return static_cast<std::size_t>(stream.gcount());
  });
}

Result<std::string> read_input(const std::string& path, std::size_t bytes_max, Terminal& terminal) {
  return read_text(TRY(open_input(path, terminal)), bytes_max, name_of_input(path));
}

Error about_input(const std::string& path, Error error) {
  const bool is_about_it = face_of(error.code) == Face::malformed || error.code == ErrorCode::file_incomplete;
  if (is_about_it) error.detail = name_of_input(path) + ": " + error.detail;
  return error;
}

Error about_certificate(const std::string& path, Error error) {
  const bool is_about_it =
      std::find(std::begin(kAboutCertificate), std::end(kAboutCertificate), error.code) != std::end(kAboutCertificate);
  if (is_about_it && !path.empty()) error.detail = name_of_input(path) + ": " + error.detail;
  return error;
}

Result<std::string> read_certificate(const std::string& path, std::size_t bytes_max, Terminal& terminal) {
  std::string text = TRY(read_input(path, bytes_max, terminal));
  const bool armored = auth::openpgp::gate::holds_armor(text);
  if (!armored && !auth::openpgp::gate::begins_a_packet(text)) {
    const std::string why = text.empty() ? "it is empty" : "there is no OpenPGP certificate in it";
    return tl::unexpected<Error>(
        about_input(path, {ErrorCode::certificate_refused, why + "; `gpg --armor --export FINGERPRINT` writes one"}));
  }
  TRY(about_input(path, auth::openpgp::gate::admit_certificate(text, bytes_max)));
  if (armored) return text;
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
  // Nobody could type it again.
  const bool has_lines = std::string_view(text).substr(0, size).find_first_of("\r\n") != std::string_view::npos;
  wipe(text);
  if (has_lines) {
    return fail(ErrorCode::malformed_message,
                name_of_input(path) + ": it has more lines than one, and a password is one");
  }
  if (size > 0) return password;
  return fail(ErrorCode::malformed_message, name_of_input(path) + ": there is no password in its first line");
}

}  // namespace countersign::cli
