// The one way to write a Json.
#include <algorithm>
#include <charconv>
#include <iterator>

#include "storage/base/json.hpp"

namespace countersign {
namespace {

// The bytes at the front that are one code point of UTF-8 (RFC 3629 §4), or else the longest beginning of one: then
// `whole` is false, and a reader goes on behind it.
struct Sequence {
  std::size_t size = 0;
  bool whole = false;
};

Sequence first_sequence(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // Of the second byte alone: no overlong form, no surrogate, nothing above U+10FFFF.
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t at = 1; at < length; ++at) {
    if (at == text.size()) return {at, false};
    const bool continues = byte(at) >= (at == 1 ? low : 0x80) && byte(at) <= (at == 1 ? high : 0xBF);
    if (!continues) return {at, false};
  }
  return {length, true};
}

std::size_t length_of_plain(std::string_view text) {
  const auto found = std::find_if(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\';
  });
  return static_cast<std::size_t>(found - text.begin());
}

// Says the pieces of the one way to write a value. Without a tree of a library's beside it, whose destructor allocates:
// where memory is short, that would end the process. It recurses; depth is at most 8 for what was parsed and known for
// what we build.
template <class Say>
class Writer {
 public:
  // -1: on one line
  Writer(Say& say, int indent) : say_(say), indent_(indent) {}

  void write(const Json& json) {
    if (const auto* value = json.boolean()) return say_(*value ? "true" : "false");
    if (const auto* value = json.integer()) return write_integer(*value);
    if (const auto* value = json.string()) return write_string(*value);
    if (const auto* items = json.items()) {
      return write_all('[', *items, ']', [this](const Json& item) { write(item); });
    }
    if (const auto* members = json.members()) {
      return write_all('{', *members, '}', [this](const Json::Member& member) {
        write_string(member.first);
        say_(indent_ < 0 ? ":" : ": ");
        write(member.second);
      });
    }
    say_("null");
  }

 private:
  void say(char c) { say_(std::string_view(&c, 1)); }

  template <class Elements, class WriteOne>
  void write_all(char open, const Elements& elements, char close, const WriteOne& write_one) {
    say(open);
    ++depth_;
    bool first = true;
    for (const auto& element : elements) {
      if (!first) say(',');
      first = false;
      start_line();
      write_one(element);
    }
    --depth_;
    if (!elements.empty()) start_line();
    say(close);
  }

  void start_line() {
    if (indent_ < 0) return;
    say('\n');
    for (int i = 0; i < depth_ * indent_; ++i) say(' ');
  }

  void write_integer(std::int64_t value) {
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    say_(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }

  void write_string(std::string_view text) {
    say('"');
    while (!text.empty()) {
      const std::size_t plain = length_of_plain(text);
      say_(text.substr(0, plain));
      text.remove_prefix(plain);
      if (text.empty()) break;
      const Sequence sequence = first_sequence(text);
      if (sequence.size == 1 && sequence.whole) {
        write_escaped(text.front());
      } else {
        say_(sequence.whole ? text.substr(0, sequence.size) : "\xEF\xBF\xBD");  // U+FFFD
      }
      text.remove_prefix(sequence.size);
    }
    say('"');
  }

  void write_escaped(char c) {
    switch (c) {
      case '"':
        return say_("\\\"");
      case '\\':
        return say_("\\\\");
      case '\b':
        return say_("\\b");
      case '\f':
        return say_("\\f");
      case '\n':
        return say_("\\n");
      case '\r':
        return say_("\\r");
      case '\t':
        return say_("\\t");
      default:
        break;
    }
    static constexpr std::string_view kDigits = "0123456789abcdef";
    say_("\\u00");
    say(kDigits[static_cast<unsigned char>(c) >> 4]);
    say(kDigits[static_cast<unsigned char>(c) & 15]);
  }

  Say& say_;
  const int indent_;
  int depth_ = 0;
};

// Measured first and then written in one piece: a text that grew would leave its beginnings, and a token in them, all
// over the heap.
std::string dump(const Json& json, int indent) {
  std::size_t size = 0;
  const auto measure = [&](std::string_view piece) { size += piece.size(); };
  Writer(measure, indent).write(json);
  std::string text;
  text.reserve(size);
  const auto append = [&](std::string_view piece) { text += piece; };
  Writer(append, indent).write(json);
  return text;
}

}  // namespace

std::string write_json(const Json& json) {
  return dump(json, -1);
}
std::string write_json_indented(const Json& json) {
  return dump(json, 2);
}

}  // namespace countersign
