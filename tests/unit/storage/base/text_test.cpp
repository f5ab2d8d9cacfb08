#include "storage/base/text.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "storage/base/one_line.hpp"

using namespace countersign;

TEST_CASE("UTF-8 is what RFC 3629 says it is") {
  for (const char* good : {"", "abc", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x91", "\xf4\x8f\xbf\xbf",
                           "\xed\x9f\xbf", "\xee\x80\x80", "\x7f", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}) {
    CAPTURE(good);
    CHECK(is_utf8(good));
  }
  for (const char* bad : {"\x80",
                          "\xbf",
                          "\xc0\x80",
                          "\xc1\xbf",
                          "\xc3",
                          "\xc3(",
                          "\xe0\x80\x80",
                          "\xe0\x9f\xbf",
                          "\xe2\x82",
                          "\xed\xa0\x80",
                          "\xed\xbf\xbf",
                          "\xf0\x80\x80\x80",
                          "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80",
                          "\xf0\x9f\x94",
                          "\xfe",
                          "\xff",
                          "a\xff",
                          "\xf8\x88\x80\x80\x80"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
    CHECK_FALSE(to_nfc(bad).has_value());
    CHECK_FALSE(code_points(bad).has_value());
    CHECK(has_unprintable(bad));
  }
  CHECK(is_utf8(std::string_view("a\0b", 3)));
}

TEST_CASE("code points go there and back") {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91";
  CHECK(code_points(text) == std::vector<char32_t>{U'a', U'\u00e9', U'\u20ac', U'\U0001f511'});
  CHECK(to_utf8(*code_points(text)) == text);
}

TEST_CASE("S20 normalisation gives form C") {
  CHECK(to_nfc("") == "");
  CHECK(to_nfc("cafe\xcc\x81") == "caf\xc3\xa9");
  CHECK(to_nfc("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(to_nfc("\xe2\x84\xab") == "\xc3\x85");                  // angstrom sign
  CHECK(to_nfc("\xe1\x84\x80\xe1\x85\xa1") == "\xea\xb0\x80");  // conjoining jamo
  CHECK(to_nfc("\xef\xac\x81") == "\xef\xac\x81");              // a ligature is form KC's matter
  CHECK(to_nfc("q\xcc\x87\xcc\xa3") == "q\xcc\xa3\xcc\x87");    // order of marks
  CHECK(to_nfc(std::string_view("a\0b", 3)) == std::string("a\0b", 3));
}

TEST_CASE("S73 what a terminal must not be sent is unprintable") {
  for (const char* bad :
       {"\x1b[2J",      "a\nb",         "\r",           "\t",           "\x7f",         "\xc2\x85",
        "\xc2\x9b",     "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xe2\x80\x8f", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xef\xbb\xbf", "\xd8\x9c",     "\xc2\xad",     "\xee\x80\x80", "\xf3\xa0\x80\x81",
        "\xef\xbf\xbf", "\xe2\x81\xa0"}) {
    CAPTURE(bad);
    CHECK(has_unprintable(bad));
  }
  CHECK(has_unprintable(std::string_view("\0", 1)));
  for (const char* good : {"", "alice", "caf\xc3\xa9", "a b", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xf0\x9f\x94\x91"}) {
    CAPTURE(good);
    CHECK_FALSE(has_unprintable(good));
  }
}

TEST_CASE("S66 a text with an escape sequence cannot forge a log line") {
  CHECK(escape_for_display("alice\n2026 login accepted") == "alice\\x0a2026 login accepted");
  CHECK(escape_for_display("\x1b[31mred") == "\\x1b[31mred");
  CHECK(escape_for_display("a\xe2\x80\xae"
                           "b") == "a\\u{202e}b");
  CHECK(escape_for_display("\xff\xfe") == "\\xff\\xfe");
  CHECK(escape_for_display("a\\x0ab") == "a\\\\x0ab");  // so that no text looks like an escaped one
  CHECK(escape_for_display("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(escape_for_display(std::string_view("\0", 1)) == "\\x00");
  CHECK(escape_for_display("\xc2\x9b"
                           "31m") == "\\u{9b}31m");
}

TEST_CASE("a reason of several lines is one line of a log") {
  CHECK(on_one_line("locked: cancelled\n  try again\n  or not") == "locked: cancelled; try again; or not");
  CHECK(on_one_line("these:\n  one;\n  two") == "these: one; two");
  CHECK(on_one_line("a\nb") == "a\nb");
  CHECK(on_one_line("").empty());
}

TEST_CASE("a text that is too long to show is cut between characters") {
  CHECK(escape_for_display("abcdef", 6) == "abcdef");
  CHECK(escape_for_display("abcdefg", 6) == "abcdef...");
  CHECK(escape_for_display("abc\xc3\xa9", 4) == "abc...");
  CHECK(escape_for_display("abc\n", 5) == "abc...");
  CHECK(escape_for_display(std::string(100'000, 'a')).size() == 259);
}

TEST_CASE("lines end at LF and a last one may lack it") {
  using Lines = std::vector<std::string_view>;
  CHECK(split_lines("") == Lines{});
  CHECK(split_lines("\n") == Lines{""});
  CHECK(split_lines("a\nb\n") == Lines{"a", "b"});
  CHECK(split_lines("a\r\n\nb") == Lines{"a\r", "", "b"});
}

TEST_CASE("a text with n separators has n + 1 parts") {
  using Parts = std::vector<std::string_view>;
  CHECK(split("", ' ') == Parts{""});
  CHECK(split("a b", ' ') == Parts{"a", "b"});
  CHECK(split(" a  b ", ' ') == Parts{"", "a", "", "b", ""});
}

TEST_CASE("a number is written in one way") {
  CHECK(parse_number("0") == 0);
  CHECK(parse_number("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "00", "01", "-1", "+1", " 1", "1 ", "1x", "0x1", "9223372036854775808"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text));
  }
}

TEST_CASE("lower hex is so many digits and nothing else") {
  CHECK(is_lower_hex("00ff", 4));
  CHECK_FALSE(is_lower_hex("00fF", 4));
  CHECK_FALSE(is_lower_hex("00f", 4));
  CHECK_FALSE(is_lower_hex("00ff0", 4));
  CHECK_FALSE(is_lower_hex("00fg", 4));
  CHECK(is_lower_hex("", 0));
}
