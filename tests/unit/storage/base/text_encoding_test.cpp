#include "storage/base/text_encoding.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <vector>

using namespace countersign;
using namespace std::string_literals;

namespace {

const std::string kUtf8Mark = "\xEF\xBB\xBF";

// ASCII alone.
std::string utf16(const std::string& text, bool little) {
  std::string out = little ? "\xFF\xFE"s : "\xFE\xFF"s;
  for (const char c : text) out += little ? std::string{c, '\0'} : std::string{'\0', c};
  return out;
}

ErrorCode code_of(const std::string& bytes) {
  const auto text = decode_text(bytes);
  REQUIRE_FALSE(text);
  return text.error().code;
}

std::vector<std::string> lines_of(const std::string& bytes) {
  std::istringstream in(bytes);
  TextLines lines(in);
  std::vector<std::string> out;
  while (const auto line = lines.next(100)) out.push_back(*line ? **line : std::string(name_of(line->error().code)));
  return out;
}

}  // namespace

TEST_CASE("a byte order mark is no part of a text") {
  for (const std::string& text : {""s, "a"s, "hunter2\r\n"s, "-----BEGIN PGP MESSAGE-----\r\n\r\n"s}) {
    CAPTURE(text);
    CHECK(decode_text(text) == text);
    CHECK(decode_text(kUtf8Mark + text) == text);
    CHECK(decode_text(utf16(text, true)) == text);
    CHECK(decode_text(utf16(text, false)) == text);
    CHECK_FALSE(is_encoded(text));
    for (const std::string& bytes : {kUtf8Mark + text, utf16(text, true), utf16(text, false)}) CHECK(is_encoded(bytes));
  }
  CHECK(decode_text(kUtf8Mark + kUtf8Mark) == kUtf8Mark);  // one mark, not every
  CHECK(decode_text("\xEF\xBB"s) == "\xEF\xBB"s);
}

TEST_CASE("UTF-16 is decoded whatever plane a character is of") {
  const std::string text = "p\xC3\xA4ss\xE2\x82\xAC\xF0\x9F\x94\x91";
  CHECK(decode_text("\xFF\xFEp\0\xE4\0s\0s\0\xAC\x20\x3D\xD8\x11\xDD"s) == text);
  CHECK(decode_text("\xFE\xFF\0p\0\xE4\0s\0s\x20\xAC\xD8\x3D\xDD\x11"s) == text);
}

TEST_CASE("UTF-16 that is cut off or holds half a pair is refused by name") {
  CHECK(code_of("\xFF\xFE\x61"s) == ErrorCode::file_incomplete);
  CHECK(code_of("\xFE\xFF\0a\0"s) == ErrorCode::file_incomplete);
  for (const std::string& bytes : {"\xFF\xFE\x3D\xD8"s, "\xFF\xFE\x3D\xD8\x61\0"s, "\xFF\xFE\x11\xDD"s,
                                   "\xFF\xFE\x3D\xD8\x3D\xD8"s, "\xFE\xFF\xD8\x3D"s, "\xFE\xFF\xDD\x11\xD8\x3D"s}) {
    CHECK(code_of(bytes) == ErrorCode::file_refused);
  }
}

TEST_CASE("UTF-16 without a mark is named with the command that mends it") {
  for (const std::string& text : {"pw"s, "-----BEGIN PGP MESSAGE-----"s}) {
    for (const bool little : {true, false}) {
      const auto refused = decode_text(utf16(text, little).substr(2));
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ErrorCode::file_refused);
      CHECK(refused.error().detail.find(little ? "`iconv -f UTF-16LE -t UTF-8`" : "`iconv -f UTF-16BE -t UTF-8`") !=
            std::string::npos);
      CHECK(is_encoded(utf16(text, little).substr(2)));
    }
  }
}

TEST_CASE("what is no UTF-16 stays as it is") {
  for (const std::string& bytes :
       {"\0\0\0\0\0\0"s, "a\0"s, "-----BEGIN PGP\0\0\0\0"s, "\x98\x33\x04\x60\x01\x02\x03\x04"s, "\xC6\0\x01\0"s,
        "\x99\0\x88\0\x04\0\x01\0"s, "\xFF"s, "\x88\x61\x04\0"s, "a\0b\0c\0dd"s}) {
    CHECK(decode_text(bytes) == bytes);
    CHECK_FALSE(is_encoded(bytes));
  }
}

TEST_CASE("lines are decoded one by one") {
  using Lines = std::vector<std::string>;
  const std::string text = "one\r\n\r\ntwo\nthree";
  const Lines expected{"one", "", "two", "three"};
  for (const std::string& bytes : {text, kUtf8Mark + text, utf16(text, true), utf16(text, false)}) {
    CHECK(lines_of(bytes) == expected);
    CHECK(lines_of(bytes + (bytes.starts_with("\xFF")   ? "\n\0"s
                            : bytes.starts_with("\xFE") ? "\0\n"s
                                                        : "\n"s)) == expected);
  }
  CHECK(lines_of("") == Lines{});
  CHECK(lines_of("\n") == Lines{""});
  CHECK(lines_of("\xFF\xFE"s) == Lines{});
  // U+0A41 and U+410A hold the byte of an LF and are none.
  CHECK(lines_of("\xFF\xFE\x41\x0A\x0A\x41\n\0a\0"s) == Lines{"\xE0\xA9\x81\xE4\x84\x8A", "a"});
  CHECK(lines_of("\xFF\xFE\x61\0\n\0\x62"s) == Lines{"a", "file_incomplete"});
  CHECK(lines_of("{\0}\0\n\0{\0}\0"s) == Lines{"file_refused", "file_refused"});
}

TEST_CASE("of a line that is too long only so much is kept as shows it") {
  const std::string text = std::string(1000, 'x') + "\nnext";
  for (const std::string& bytes : {text, utf16(text, true)}) {
    std::istringstream in(bytes);
    TextLines lines(in);
    const auto first = lines.next(100);
    REQUIRE(first);
    REQUIRE(*first);
    CHECK((*first)->size() == 101);
    CHECK(lines.next(100).value() == "next");
    CHECK_FALSE(lines.next(100));
  }
}
