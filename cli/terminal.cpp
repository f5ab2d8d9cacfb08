#include "cli/terminal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>
#include <vector>

#include "cli/error_text.hpp"
#include "cli/wrapping.hpp"
#include "storage/base/file_descriptor.hpp"
#include "storage/base/one_line.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {
namespace {

constexpr std::size_t kShownBytesMax = 64u << 10;
constexpr std::int64_t kColumnsMin = 20;
constexpr std::int64_t kColumnsMax = 10'000;
constexpr std::size_t kProgressBytesMax = 78;  // a line that wraps is not replaced

bool is_table(const Json& json) {
  const Json::Array* items = json.items();
  return items != nullptr && !items->empty() &&
         std::all_of(items->begin(), items->end(), [](const Json& item) { return item.members() != nullptr; });
}

using Field = std::pair<std::string, std::string>;

// Members of nested objects get the path as their name: `challenge.expires_at`.
void collect_fields(const std::string& prefix, const Json::Object& object, std::vector<Field>& fields,
                    std::vector<std::pair<std::string, const Json*>>& tables) {
  for (const auto& member : object) {
    const std::string name = prefix + escape_for_display(member.first);
    if (const Json::Object* nested = member.second.members()) {
      collect_fields(name + ".", *nested, fields, tables);
    } else if (is_table(member.second)) {
      tables.emplace_back(name, &member.second);
    } else if (std::string text = scalar_text(member.second); !text.empty()) {
      fields.emplace_back(name, std::move(text));
    }
  }
}

constexpr std::size_t kConfirmationBytesMax = 16;
constexpr std::size_t kAnswerBytesMax = 4096;

struct TypedLine {
  std::string text;
  bool whole = false;  // up to the end of the line, which is left out
};

// What is typed at a terminal behind `prompt`. usage with `instead`, what to do where there is none.
Result<TypedLine> type_at(const std::string& path, std::string_view prompt, std::size_t bytes_max,
                          std::string_view instead) {
  const FileDescriptor tty(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (tty.get() < 0) return fail(ErrorCode::usage, fmt::format("there is no terminal to ask at; {}", instead));
  bool written = ::write(tty.get(), prompt.data(), prompt.size()) == static_cast<ssize_t>(prompt.size());
  TypedLine typed;
  char character = 0;
  while (written && typed.text.size() < bytes_max && ::read(tty.get(), &character, 1) == 1 && character != '\n') {
    typed.text += character;
  }
  typed.whole = character == '\n';
  // Who ended the input at the question left the cursor behind it.
  if (written && !typed.whole) written = ::write(tty.get(), "\n", 1) == 1;
  if (!written) return fail(ErrorCode::failed, "the terminal could not be written to");
  return typed;
}

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  for (const std::string_view word : split(text, ' ')) longest = std::max(longest, columns_of(word));
  return longest;
}

// A name with its value in a line. Where a word of a value has else no room, the column of the names is narrower than
// the longest of them, and what is then still too long is broken at blanks.
std::string lines_of_fields(const std::vector<Field>& fields, const TableShape& shape) {
  constexpr std::size_t kBehindName = 2;
  std::size_t width = 0;
  for (const Field& field : fields) width = std::max(width, columns_of(field.first) + kBehindName);
  for (const Field& field : fields) {
    const std::size_t word = longest_word(field.second);
    if (shape.full || width + word <= shape.columns) continue;
    const std::size_t room = shape.columns - std::min(shape.columns, word);
    width = std::min(width, std::max(room, columns_of(field.first) + kBehindName));
  }
  std::string out;
  for (const Field& field : fields) {
    const std::size_t begin = std::max(width, columns_of(field.first) + kBehindName);
    const bool fits = shape.full || begin + columns_of(field.second) <= shape.columns || begin >= shape.columns;
    const std::string text = fits ? field.second : wrapped_talk(field.second, shape.columns - begin);
    std::string name = padded(field.first, begin);
    for (const std::string_view line : split_lines(text)) {
      out += trimmed_line(std::exchange(name, std::string(begin, ' ')) + std::string(line));
    }
  }
  return out;
}

bool ends_with_newline(std::string_view text) {
  return !text.empty() && text.back() == '\n';
}

// As the environment says, else as the terminal does.
std::size_t columns_of_process() {
  const char* said = std::getenv("COLUMNS");
  const auto number = parse_number(said == nullptr ? "" : said);
  if (number && *number >= kColumnsMin && *number <= kColumnsMax) return static_cast<std::size_t>(*number);
  winsize window{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col >= kColumnsMin;
  return known ? window.ws_col : kColumnsUnknown;
}

// As it stands in JSON source: one escape, or the two of a surrogate pair.
std::string json_escape(char32_t point) {
  const auto value = static_cast<std::uint32_t>(point);
  if (value < 0x10000) return fmt::format("\\u{:04x}", value);
  const std::uint32_t rest = value - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
}

}  // namespace

std::string json_for_display(const Json& json, bool indented) {
  const std::string text = indented ? write_json_indented(json) : write_json(json);
  const auto points = code_points(text);
  if (!points) return write_json(Json(escape_for_display(text, kShownBytesMax)));
  std::string out;
  for (const char32_t point : *points) {
    const std::string character = to_utf8({point});
    out += point != U'\n' && has_unprintable(character) ? json_escape(point) : character;
  }
  return out;
}

std::string text_of_answer(const Json& json, const TableShape& shape) {
  if (json.is_null()) return {};
  if (is_table(json)) return table_text(*json.items(), shape);
  const Json::Object* object = json.members();
  if (object == nullptr) {
    std::string text = scalar_text(json);
    return text.empty() ? text : text + "\n";
  }
  std::vector<Field> fields;
  std::vector<std::pair<std::string, const Json*>> tables;
  collect_fields("", *object, fields, tables);
  std::string out = lines_of_fields(fields, shape);
  for (const auto& table : tables) {
    if (!out.empty()) out += "\n" + table.first + "\n";
    out += table_text(*table.second->items(), shape);
  }
  return out;
}

std::string escape_lines(std::string_view text) {
  std::string out;
  for (const std::string_view line : split_lines(text)) {
    if (!out.empty()) out += '\n';
    // A foreign name in a sentence was escaped when it was put there, and its backslashes are not escaped again.
    std::string_view separator;
    for (const std::string_view part : split(line, '\\')) {
      out += separator;
      out += escape_for_display(part, kShownBytesMax);
      separator = "\\";
    }
  }
  if (ends_with_newline(text)) out += '\n';
  return out;
}

Terminal::Terminal(std::istream& in, std::ostream& out, std::ostream& err, Shape shape)
    : in_(in), out_(out), err_(err), shape_(std::move(shape)) {}

Terminal Terminal::of_process() {
  Shape shape;
  shape.in_is_tty = ::isatty(STDIN_FILENO) == 1;
  shape.out_is_tty = ::isatty(STDOUT_FILENO) == 1;
  shape.err_is_tty = ::isatty(STDERR_FILENO) == 1;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  shape.colour = shape.err_is_tty && !dumb && (no_colour == nullptr || *no_colour == '\0');
  shape.columns = columns_of_process();
  return Terminal(std::cin, std::cout, std::cerr, shape);
}

void Terminal::progress(std::string_view text) {
  if (!shape_.err_is_tty) return;
  err_ << "\r" << escape_for_display(text, kProgressBytesMax) << "\x1b[K";
  err_.flush();
  progress_shown_ = true;
}

Progress Terminal::counting(std::string what) {
  return
      [this, what = std::move(what)](std::int64_t done, std::int64_t) { progress(fmt::format("{} {}", done, what)); };
}

void Terminal::clear_progress() {
  if (!progress_shown_) return;
  err_ << "\r\x1b[K";
  err_.flush();
  progress_shown_ = false;
}

void Terminal::say(std::string_view text) {
  recite(wrapped_talk(escape_lines(text), shape_.columns));
}

void Terminal::recite(std::string_view text) {
  clear_progress();
  err_ << escape_lines(text);
  if (!ends_with_newline(text)) err_ << '\n';
  err_.flush();
}

void Terminal::data(std::string_view text) {
  clear_progress();
  if (shape_.out_is_tty) {
    out_ << escape_lines(text);
  } else {
    out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
}

void Terminal::answer(const Json& json) {
  clear_progress();
  if (json_) {
    answer_ = json;
  } else {
    out_ << text_of_answer(json, TableShape{shape_.columns, full_});
  }
}

void Terminal::write_answer() {
  if (!answer_) return;
  out_ << json_for_display(*answer_, shape_.out_is_tty) << '\n';
  answer_.reset();
}

void Terminal::error(const Error& error) {
  clear_progress();
  constexpr std::string_view kWho = "countersign:";
  const std::string text =
      wrapped_talk(escape_lines(fmt::format("{} {}", kWho, text_of_error(error, command_))), shape_.columns);
  err_ << (shape_.colour ? fmt::format("\x1b[1;31m{}\x1b[0m", kWho) : std::string(kWho));
  recite(std::string_view(text).substr(kWho.size()));
  if (!json_) return;
  const std::string line = on_one_line(error.detail);
  const std::string detail = is_utf8(line) ? line : escape_for_display(line, kShownBytesMax);
  const auto members = [&](const char* code) {
    return Json::object()
        .set(code, name_of(error.code))
        .set("face", name_of(face_of(error.code)))
        .set("detail", detail);
  };
  if (answer_ && answer_->members() != nullptr) {
    answer_->set("error", members("code"));
  } else {
    answer_ = members("error");
  }
}

Status Terminal::confirm(std::string_view question, std::string_view instead) {
  const auto typed = TRY(type_at(shape_.tty_path, escape_lines(question) + " [y/N] ", kConfirmationBytesMax,
                                 fmt::format("pass {} to go on without a question", instead)));
  if (typed.text == "y" || typed.text == "Y" || typed.text == "yes") return ok();
  return fail(ErrorCode::failed, "not confirmed; nothing was changed");
}

bool Terminal::reader_is_gone() const {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

Result<std::string> Terminal::ask(std::string_view question, std::string_view otherwise, std::string_view instead) {
  const std::string offer = otherwise.empty() ? std::string() : fmt::format(" [{}]", escape_lines(otherwise));
  const auto typed = TRY(type_at(shape_.tty_path, escape_lines(question) + offer + ": ", kAnswerBytesMax,
                                 fmt::format("pass {}", instead)));
  if (!typed.whole) return fail(ErrorCode::failed, "no answer was given; nothing was changed");
  const std::string_view answer = trimmed(typed.text);
  return std::string(answer.empty() ? otherwise : answer);
}

Status Terminal::finish() {
  write_answer();
  out_.flush();
  err_.flush();
  if (!out_) return fail(ErrorCode::failed, "the output could not be written");
  return ok();
}

}  // namespace countersign::cli
