// The names of courier files, and when a file's text is all there. Pure: no I/O.
//
//   outbox   <id>.challenge.asc   <id>.session.asc   <id>.refused.txt   server-<short>.asc
//   inbox    *.response.asc       *.enrol.asc
//
// An id is [a-z0-9][a-z0-9-]{0,63}. In the inbox a name is what somebody's program made of it: 1 to 100 bytes of
// [A-Za-z0-9._-], not beginning with '.' or '-'. Whatever else lies there is never opened. A name proves nothing and is
// nobody's identity. ASCII case is ignored in the endings of the inbox, since a medium may fold it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace countersign::transport::courier {

inline constexpr std::size_t kIdBytesMax = 64;
inline constexpr std::size_t kInboxNameBytesMax = 100;
// What was written before each server had a file of its own.
inline constexpr std::string_view kOldServerFile = "server.asc";
// What is being written has this name until it is whole; it is in no listing.
inline constexpr std::string_view kPartFile = ".countersign.part";

enum class OutboxKind { challenge, session, refused };
enum class InboxKind { response, enrol };

struct OutboxName {
  std::string id;
  OutboxKind kind;
};

bool is_file_id(std::string_view id);
std::string outbox_name(std::string_view id, OutboxKind kind);
std::optional<OutboxName> parse_outbox_name(std::string_view name);

// Of a server's certificate: one stick may serve several. `short` is the first 16 hex digits of the SHA-256 of its
// name.
std::string server_file(std::string_view server_name);
bool is_server_file(std::string_view name);

std::string response_name(std::string_view id);
std::optional<InboxKind> inbox_kind(std::string_view name);
// The name for the inbox that an editor made `name` of by putting .txt behind it; nothing where it is no such name.
std::optional<std::string> name_without_txt(std::string_view name);
// The name for the inbox that is nearest to `name`, which ends as one does and holds what none may: blanks, brackets,
// letters beyond ASCII. Nothing where it is no such name.
std::optional<std::string> plain_name(std::string_view name);
// The id under which a file of the inbox is answered: its own where the name is exactly `<id>.response.asc` or
// `<id>.enrol.asc`, else the first 16 hex digits of the SHA-256 of its text. `name` is one that inbox_kind knows.
std::string answer_id(std::string_view name, std::string_view text);
// The names a settled file may get in `inbox/done`, the second where the first is taken by another text. In lower case,
// so that a folding medium holds what any other holds.
std::string done_name(std::string_view name);
std::string done_name_by_text(std::string_view name, std::string_view text);

// Does the text end with the END line of an armor (RFC 4880 §6.2), with nothing but blanks and line ends after it? What
// is written to a stick does. Of what is read there auth::openpgp::gate::is_cut_off() says whether more may come.
bool is_whole(std::string_view text);

}  // namespace countersign::transport::courier
