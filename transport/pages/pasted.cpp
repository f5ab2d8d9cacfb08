#include "transport/pages/pasted.hpp"

#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/records/statement.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::pages {
namespace {

constexpr std::string_view kSigned = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::string_view kSignature = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kSignatureEnd = "-----END PGP SIGNATURE-----";
constexpr std::string_view kMessage = "-----BEGIN PGP MESSAGE-----";
constexpr std::string_view kPublicKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

// Is a line of the armor where only its line belongs?
bool begins_a_line(std::string_view text, std::string_view line) {
  const std::size_t at = text.find(line);
  return at == 0 || (at != std::string_view::npos && text[at - 1] == '\n');
}

}  // namespace

std::string advice_on_pasted(std::string_view text) {
  text = without_blanks(text);
  if (auth::openpgp::gate::holds_secret_key(text)) {
    return "That was a SECRET key, which belongs to nobody but you: it has now left your machine, so revoke it and "
           "make "
           "another. What is wanted is what `gpg --clearsign` wrote.";
  }
  if (holds(text, kSigned)) {
    if (!begins_a_line(text, kSigned)) {
      return "The response is quoted or indented. Paste it as gpg wrote it, each line from its first column.";
    }
    if (!holds(text, kSignatureEnd)) return "The response is cut off: its last line is missing.";
    if (!text.starts_with(kSigned) || !text.ends_with(kSignatureEnd)) {
      return "Something stands before or behind the response. Paste the block alone, from its line BEGIN PGP SIGNED "
             "MESSAGE to its line END PGP SIGNATURE.";
    }
    return "";
  }
  if (text.starts_with(auth::records::kStatementVersion)) {
    return "That is the statement, and nobody signed it yet. Give it to `gpg --clearsign`, and paste what that writes.";
  }
  if (holds(text, kMessage)) {
    return "That is an encrypted message, perhaps the challenge itself. Decrypt the challenge, sign what it says with "
           "`gpg --clearsign` (not --sign, and not encrypted), and paste what that writes.";
  }
  if (holds(text, kSignature)) {
    return "That is a signature without the statement. Sign with `gpg --clearsign`, and paste all that it writes.";
  }
  if (holds(text, kPublicKey)) {
    return "That is a public key, which the server has already. Paste what `gpg --clearsign` wrote.";
  }
  return "";
}

}  // namespace countersign::transport::pages
