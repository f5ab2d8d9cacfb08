#include "auth/openpgp/gate/clear_signed.hpp"

#include <algorithm>

#include "auth/openpgp/gate/packet_gate.hpp"
#include "auth/openpgp/gate/secret_key.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

constexpr std::string_view kSignatureBegin = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kSignatureEnd = "-----END PGP SIGNATURE-----";
constexpr std::string_view kCertificateBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view kCertificateEnd = "-----END PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view kChallenge = "challenge:";
constexpr std::string_view kNonce = "nonce:";
constexpr std::string_view kServer = "server:";
constexpr std::string_view kServerKey = "server-key:";
constexpr std::string_view kAccount = "account:";
constexpr std::string_view kKey = "key:";
constexpr std::string_view kOuterBlanks = " \t\r\n";

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

std::string_view trim_end(std::string_view text) {
  const auto last = text.find_last_not_of(kOuterBlanks);
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kOuterBlanks);
  return first == std::string_view::npos ? std::string_view() : trim_end(text.substr(first));
}

// Lines of one text, with the place where each begins, so that blocks are cut out as they were found.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  bool at_end() const { return at_ >= text_.size(); }
  std::size_t position() const { return at_; }
  // Without CR, LF and trailing blanks.
  std::string_view peek() const { return trim_end(text_.substr(at_, end_of_line() - at_)); }
  void advance() { at_ = std::min(end_of_line() + 1, text_.size()); }
  std::string_view since(std::size_t start) const { return text_.substr(start, at_ - start); }
  std::string_view rest() const { return text_.substr(at_); }

 private:
  std::size_t end_of_line() const { return std::min(text_.find('\n', at_), text_.size()); }
  std::string_view text_;
  std::size_t at_ = 0;
};

tl::unexpected<Error> incomplete() {
  return fail(ErrorCode::file_incomplete, "the text ends inside a block");
}
tl::unexpected<Error> malformed(const char* why) {
  return fail(ErrorCode::malformed_message, why);
}

// The whole rest could be the beginning of that line and of nothing else. Nobody asks where it is that line.
bool is_cut_line(const Lines& lines, std::string_view whole_line) {
  return starts_with(whole_line, lines.rest());
}

// Collects the value of one line while the cleartext goes by: up to the line that stands behind it in a statement.
class LineReader {
 public:
  LineReader(std::string_view name, std::string_view next) : name_(name), next_(next) {}

  void take(std::string_view line) {
    if (starts_with(line, "- ")) line.remove_prefix(2);
    if (starts_with(line, name_)) {
      state_ = state_ == State::before ? State::inside : State::twice;
      value_ = trim(line.substr(name_.size()));
    } else if (starts_with(line, next_)) {
      if (state_ == State::inside) state_ = State::after;
    } else if (state_ == State::inside) {
      value_ += trim(line);
    }
  }
  bool is_twice() const { return state_ == State::twice; }
  // Empty where it was not there once.
  std::string value() && { return state_ == State::after ? std::move(value_) : std::string(); }

 private:
  enum class State { before, inside, after, twice };
  std::string_view name_;
  std::string_view next_;
  State state_ = State::before;
  std::string value_;
};

Result<std::string> challenge_of(LineReader line) {
  if (line.is_twice()) return malformed("two challenge lines");
  std::string hint = std::move(line).value();
  if (hint.empty()) return malformed("no challenge line with a nonce line behind it");
  const bool base64url = std::all_of(hint.begin(), hint.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!base64url) return malformed("the challenge line holds no base64url");
  return hint;
}

// From a BEGIN line to its END line.
Result<std::string> read_block(Lines& lines, std::string_view end) {
  const std::size_t start = lines.position();
  lines.advance();
  while (!lines.at_end()) {
    const bool last = lines.peek() == end;
    // It can end no more, whatever else is still to come.
    if (!last && starts_with(lines.peek(), "-----") && !is_cut_line(lines, end)) {
      return malformed("a line that begins with dashes inside a block");
    }
    lines.advance();
    if (last) return std::string(lines.since(start));
  }
  return incomplete();
}

Result<ClearSigned> read_message(Lines& lines) {
  const std::size_t start = lines.position();
  lines.advance();
  // Hash, Comment and whatever else stands there says nothing that is used.
  while (!lines.at_end() && !lines.peek().empty()) {
    const bool is_header = lines.peek().find(':') != std::string_view::npos;
    lines.advance();
    if (!is_header && !lines.at_end()) return malformed("no empty line after the armor headers");
  }
  if (lines.at_end()) return incomplete();
  lines.advance();

  LineReader challenge(kChallenge, kNonce);
  LineReader server(kServer, kServerKey);
  LineReader account(kAccount, kKey);
  while (!lines.at_end() && lines.peek() != kSignatureBegin) {
    const std::string_view line = lines.peek();
    if (starts_with(line, "-----") && !is_cut_line(lines, kSignatureBegin)) {
      return malformed("a line of the cleartext that begins with dashes and is not escaped");
    }
    for (LineReader* const reader : {&challenge, &server, &account}) reader->take(line);
    lines.advance();
  }
  if (lines.at_end()) return incomplete();
  ClearSigned message;
  message.signature = TRY(read_block(lines, kSignatureEnd));
  if (lines.since(start).size() > kClearSignedBytesMax) {
    return fail(ErrorCode::message_too_large, "a clear-signed message of over 64 KiB");
  }
  message.challenge_hint = TRY(challenge_of(std::move(challenge)));
  message.server_hint = std::move(server).value();
  message.account_hint = std::move(account).value();
  return message;
}

// Of a text that holds no response, by its first line.
const char* words_on_no_response(std::string_view line) {
  if (line == "-----BEGIN PGP MESSAGE-----") {
    return "it is an encrypted message, or one that --sign made; decrypt the challenge, and sign what it says with "
           "`gpg --clearsign`";
  }
  if (line == kSignatureBegin) {
    return "it is a signature without the statement; sign with `gpg --clearsign`";
  }
  return "it is nothing that `gpg --clearsign` made";
}

}  // namespace

bool holds_clear_signed(std::string_view text) {
  return starts_with(trim(text), kClearSignedHeader) ||
         text.find("\n" + std::string(kClearSignedHeader)) != std::string_view::npos;
}

Result<TextResponse> split_response(std::string_view text) {
  if (text.size() > 2 * kClearSignedBytesMax + kCertificateReadBytesMax) {
    return fail(ErrorCode::message_too_large, "a response of over 256 KiB");
  }
  if (holds_secret_key(text)) return refuse_secret_key();
  TextResponse response;
  Lines lines(text.substr(std::min(text.find_first_not_of(kOuterBlanks), text.size())));
  while (true) {
    while (!lines.at_end() && lines.peek().empty()) lines.advance();
    if (lines.at_end()) break;
    const std::string_view line = lines.peek();
    if (response.certificate) return malformed("something stands after the certificate");
    if (line == kClearSignedHeader) {
      if (response.messages.size() == 2) return malformed("three clear-signed messages");
      response.messages.push_back(TRY(read_message(lines)));
    } else if (line == kCertificateBegin && !response.messages.empty()) {
      response.certificate = TRY(read_block(lines, kCertificateEnd));
      if (response.certificate->size() > kCertificateReadBytesMax) {
        return fail(ErrorCode::message_too_large, "a certificate of over 128 KiB");
      }
    } else if (is_cut_line(lines, kClearSignedHeader) ||
               (!response.messages.empty() && is_cut_line(lines, kCertificateBegin))) {
      return incomplete();
    } else {
      return malformed(holds_clear_signed(text) ? "something stands outside the blocks" : words_on_no_response(line));
    }
  }
  if (response.messages.empty()) return fail(ErrorCode::file_incomplete, "the text is empty");
  return response;
}

}  // namespace countersign::auth::openpgp::gate
