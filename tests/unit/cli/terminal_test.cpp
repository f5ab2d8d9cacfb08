#include "cli/terminal.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <sstream>
#include <thread>
#include <tuple>

#include "cli/error_text.hpp"
#include "cli/exit_code.hpp"
#include "tests/support/pty.hpp"

using namespace countersign;
using cli::Terminal;
using test::Pty;

namespace {

// Moves the cursor, rings, and turns the reading direction round.
constexpr const char* kHostile =
    "a\x1b[2Jb\x07\xe2\x80\xae"
    "c";

struct Screen {
  explicit Screen(Terminal::Shape shape = {}) : terminal(in, out, err, std::move(shape)) {}
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal;
};

Terminal::Shape on_a_tty() {
  Terminal::Shape shape;
  shape.out_is_tty = shape.err_is_tty = true;
  return shape;
}

bool is_harmless(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return false;
  }
  return text.find("\xe2\x80\xae") == std::string::npos;
}

}  // namespace

TEST_CASE("S73 talk shows a foreign control or bidirectional character as an escape") {
  Screen screen;
  screen.terminal.say(std::string("name: ") + kHostile);
  REQUIRE(screen.err.str() == "name: a\\x1b[2Jb\\x07\\u{202e}c\n");
}

TEST_CASE("S73 a line end in talk stays a line end, and only the lines are escaped") {
  Screen screen;
  screen.terminal.say("one\ntwo\r\n");
  REQUIRE(screen.err.str() == "one\ntwo\\x0d\n");
}

TEST_CASE("S73 data is escaped on a terminal and untouched in a pipe") {
  Screen piped;
  piped.terminal.data(kHostile);
  REQUIRE(piped.out.str() == kHostile);
  Screen shown(on_a_tty());
  shown.terminal.data(kHostile);
  REQUIRE(is_harmless(shown.out.str()));
}

TEST_CASE("S73 an answer escapes foreign values and names in lines and in tables") {
  Screen screen;
  screen.terminal.answer(Json::object().set("name", kHostile).set(kHostile, 1));
  Json rows = Json::array();
  rows.push(Json::object().set("name", kHostile).set(kHostile, 1));
  screen.terminal.answer(rows);
  REQUIRE(is_harmless(screen.out.str()));
}

TEST_CASE("S73 JSON escapes what a terminal would act on and keeps the value") {
  const Json value = Json::object().set("name", std::string(kHostile) +
                                                    "\xc2\x9b"
                                                    "\xf3\xa0\x80\x81");
  const std::string text = cli::json_for_display(value, false);
  REQUIRE(is_harmless(text));
  REQUIRE(text.find("\xc2\x9b") == std::string::npos);
  REQUIRE(text.find("\\udb40\\udc01") != std::string::npos);
  const auto again = parse_json(text);
  REQUIRE(again.has_value());
  REQUIRE(*again == value);
}

TEST_CASE("S73 an error's detail cannot forge a second message") {
  Screen screen;
  screen.terminal.error(Error{ErrorCode::server_unknown, kHostile});
  REQUIRE(is_harmless(screen.err.str()));
}

TEST_CASE("an object is printed as aligned names and values in its own order") {
  REQUIRE(cli::text_of_answer(Json::object().set("b", "x").set("long", 12).set("yes", true).set("none", nullptr)) ==
          "b     x\nlong  12\nyes   yes\nnone  -\n");
}

TEST_CASE("a value that is too long is broken at blanks and an empty one is left out") {
  const std::string id(64, 'e');
  const Json answer = Json::object()
                          .set("account", id)
                          .set("a_name_of_twenty_six_chars", "x")
                          .set("remark", "")
                          .set("reason", std::string(50, 'a') + " " + std::string(30, 'b'));
  CHECK(cli::text_of_answer(answer) == "account         " + id + "\na_name_of_twenty_six_chars  x\nreason          " +
                                           std::string(50, 'a') + "\n                  " + std::string(30, 'b') + "\n");
  const std::string whole = cli::text_of_answer(answer, {80, true});
  CHECK(whole.find(std::string(50, 'a') + " " + std::string(30, 'b')) != std::string::npos);
}

TEST_CASE("a list of objects is printed as a table with a dash where a row has no value") {
  Json rows = Json::array();
  rows.push(Json::object().set("id", "1").set("name", "alice"));
  rows.push(Json::object().set("id", "22"));
  REQUIRE(cli::text_of_answer(Json::object().set("accounts", rows)) == "id  name\n1   alice\n22  -\n");
  REQUIRE(cli::text_of_answer(Json::object().set("more", true).set("accounts", rows)) ==
          "more  yes\n\naccounts\nid  name\n1   alice\n22  -\n");
}

TEST_CASE("nested objects are named by their path, and lists of scalars are joined") {
  Json list = Json::array();
  list.push("x");
  list.push("y");
  REQUIRE(cli::text_of_answer(Json::object().set("a", Json::object().set("b", list)).set("e", Json::array())) ==
          "a.b  x, y\n");
}

TEST_CASE("a null answer prints nothing, and null in JSON mode") {
  Screen screen;
  screen.terminal.answer(Json());
  REQUIRE(screen.out.str().empty());
  screen.terminal.answer_in_json(true);
  screen.terminal.answer(Json());
  REQUIRE(screen.terminal.finish().has_value());
  REQUIRE(screen.out.str() == "null\n");
}

TEST_CASE("an error goes to stderr in words, and with JSON to stdout as an object too") {
  Screen screen;
  screen.terminal.error(Error{ErrorCode::challenge_expired, "at noon"});
  REQUIRE(screen.out.str().empty());
  // The server says this too, and has no clock to compare its own with.
  REQUIRE(screen.err.str() ==
          "countersign: the challenge has expired [challenge_expired]\n  at noon\n  ask for a new challenge\n");
  screen.terminal.answer_in_json(true);
  screen.terminal.error(Error{ErrorCode::challenge_expired, "at noon"});
  REQUIRE(screen.terminal.finish().has_value());
  REQUIRE(screen.out.str() == "{\"error\":\"challenge_expired\",\"face\":\"denied\",\"detail\":\"at noon\"}\n");
}

TEST_CASE("with JSON a command that answers and fails writes one document") {
  const auto document = [](const Json& answer) {
    Screen screen;
    screen.terminal.answer_in_json(true);
    screen.terminal.answer(answer);
    screen.terminal.error(Error{ErrorCode::chain_broken, "see above"});
    REQUIRE(screen.terminal.finish().has_value());
    REQUIRE(screen.terminal.finish().has_value());
    return screen.out.str();
  };
  CHECK(document(Json::object().set("intact", false)) ==
        "{\"intact\":false,\"error\":{\"code\":\"chain_broken\",\"face\":\"integrity\",\"detail\":\"see above\"}}\n");
  CHECK(document(Json()) == "{\"error\":\"chain_broken\",\"face\":\"integrity\",\"detail\":\"see above\"}\n");
}

TEST_CASE("S66 a name that was escaped when it was put into a sentence is not escaped again") {
  Screen screen;
  screen.terminal.say("'a\\x1bb': " + std::string("c\x1b d\\") + "\\\n\\");
  CHECK(screen.err.str() == "'a\\x1bb': c\\x1b d\\\\\n\\\n");
}

TEST_CASE("colour appears only where the terminal was made with it") {
  Screen plain(on_a_tty());
  plain.terminal.error(Error{ErrorCode::failed, ""});
  REQUIRE(plain.err.str().find('\x1b') == std::string::npos);
  Terminal::Shape shape = on_a_tty();
  shape.colour = true;
  Screen colourful(shape);
  colourful.terminal.error(Error{ErrorCode::failed, ""});
  REQUIRE(colourful.err.str().find('\x1b') != std::string::npos);
}

TEST_CASE("a question without a terminal fails and names what to pass instead") {
  Terminal::Shape shape;
  shape.tty_path = "/nonexistent/tty";
  Screen screen(shape);
  const Status asked = screen.terminal.confirm("Really?", "--yes");
  REQUIRE(!asked);
  REQUIRE(asked.error().code == ErrorCode::usage);
  REQUIRE(asked.error().detail.find("--yes") != std::string::npos);
}

TEST_CASE("a terminal that answers nothing does not confirm") {
  Terminal::Shape shape;
  shape.tty_path = "/dev/null";
  Screen screen(shape);
  const Status asked = screen.terminal.confirm("Really?", "--yes");
  REQUIRE(!asked);
  REQUIRE(asked.error().code == ErrorCode::failed);
}

TEST_CASE("a question is asked at the terminal and only a clear yes confirms") {
  if (!Pty::offered()) return;
  for (const auto& [typed, confirmed] : {std::pair("y\n", true),
                                         {"yes\n", true},
                                         {"Y\n", true},
                                         {"\n", false},
                                         {"n\n", false},
                                         {"yikes\n", false},
                                         {"yes please do it now\n", false}}) {
    INFO(typed);
    const Pty pty;
    pty.type(typed);
    Terminal::Shape shape;
    shape.tty_path = pty.path();
    Screen screen(shape);
    REQUIRE(screen.terminal.confirm("Accept the clock?", "--yes").has_value() == confirmed);
    REQUIRE(screen.out.str().empty());
    REQUIRE(pty.seen().find("Accept the clock? [y/N] ") != std::string::npos);
  }
}

TEST_CASE("a line is asked for at the terminal, and an empty one is what was offered") {
  if (!Pty::offered()) return;
  for (const auto& [typed, otherwise, answer] : {std::tuple("there\n", "here", "there"),
                                                 {"\n", "here", "here"},
                                                 {"  \n", "here", "here"},
                                                 {" two words \n", "", "two words"},
                                                 {"\n", "", ""}}) {
    INFO(typed);
    const Pty pty;
    pty.type(typed);
    Terminal::Shape shape;
    shape.tty_path = pty.path();
    Screen screen(shape);
    CHECK(screen.terminal.ask("Where", otherwise, "--data DIR").value() == answer);
    CHECK(screen.out.str().empty());
    CHECK(pty.seen().find(*otherwise == '\0' ? "Where: " : "Where [here]: ") != std::string::npos);
  }
}

TEST_CASE("a line cannot be asked for where there is no terminal or no answer") {
  Terminal::Shape shape;
  shape.tty_path = "/nonexistent/tty";
  Screen nowhere(shape);
  const auto asked = nowhere.terminal.ask("Where", "here", "--data DIR");
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == ErrorCode::usage);
  CHECK(asked.error().detail.find("--data DIR") != std::string::npos);
  shape.tty_path = "/dev/null";
  Screen silent(shape);
  CHECK(silent.terminal.ask("Where", "here", "--data DIR").error().code == ErrorCode::failed);
}

TEST_CASE("somebody sits there where both input and talk are a terminal's") {
  for (const auto& [in, err] : {std::pair(false, false), {true, false}, {false, true}, {true, true}}) {
    Terminal::Shape shape;
    shape.in_is_tty = in;
    shape.err_is_tty = err;
    CHECK(Screen(shape).terminal.is_attended() == (in && err));
  }
}

TEST_CASE("S73 a question shows foreign text as escapes") {
  if (!Pty::offered()) return;
  const Pty pty;
  pty.type("n\n");
  Terminal::Shape shape;
  shape.tty_path = pty.path();
  Screen screen(shape);
  REQUIRE(!screen.terminal.confirm(std::string("Trust ") + kHostile, "--yes"));
  REQUIRE(pty.seen().find('\x1b') == std::string::npos);
}

namespace {

// Answers as many questions as there are lines, each once it stands there; gives all that was shown.
std::string answer_questions(const Pty& pty, const std::vector<std::string>& lines) {
  std::string shown;
  for (const std::string& line : lines) {
    const std::size_t before = shown.size();
    for (int i = 0; i < 10'000 && shown.find(": ", before) == std::string::npos; ++i) {
      shown += pty.seen();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    pty.type(line);
  }
  return shown;
}

std::string asked_for(const std::vector<std::string>& lines, std::string& shown) {
  const Pty pty;
  Terminal::Shape shape;
  shape.tty_path = pty.path();
  Screen screen(shape);
  Result<Secret> password = fail(ErrorCode::failed);
  std::thread asking([&] { password = screen.terminal.ask_password("New password of alice", "--password-file FILE"); });
  shown = answer_questions(pty, lines);
  asking.join();
  shown += pty.seen() + screen.out.str() + screen.err.str();
  return password ? "given: " + std::string(password->reveal_text()) : std::string(name_of(password.error().code));
}

}  // namespace

TEST_CASE("a password is asked for twice and never shown") {
  if (!Pty::offered()) return;
  std::string shown;
  REQUIRE(asked_for({"xyzzy 1\n", "xyzzy 1\n"}, shown) == "given: xyzzy 1");
  REQUIRE(shown.find("New password of alice: ") != std::string::npos);
  REQUIRE(shown.find("New password of alice, again: ") != std::string::npos);
  REQUIRE(shown.find("xyzzy") == std::string::npos);
  REQUIRE(asked_for({"xyzzy 1\n", "xyzzy 2\n"}, shown) == "failed");
  REQUIRE(asked_for({"xyzzy\x03"}, shown) == "failed");
  REQUIRE(shown.find("xyzzy") == std::string::npos);
}

TEST_CASE("a password cannot be asked for where there is no terminal") {
  for (const char* path : {"/nonexistent/tty", "/dev/null"}) {
    Terminal::Shape shape;
    shape.tty_path = path;
    Screen screen(shape);
    const auto asked = screen.terminal.ask_password("New password", "--password-file FILE");
    REQUIRE(!asked);
    REQUIRE(asked.error().code == ErrorCode::usage);
    REQUIRE(asked.error().detail.find("--password-file FILE") != std::string::npos);
  }
}

TEST_CASE("output that could not be written is a failure") {
  Screen screen;
  screen.out.setstate(std::ios::badbit);
  screen.terminal.data("x");
  REQUIRE(!screen.terminal.finish());
}

TEST_CASE("every error has a meaning of its own, and an exit code that is not success") {
  std::vector<std::string_view> meanings;
#define X(name, face)                                               \
  REQUIRE(!cli::meaning_of(ErrorCode::name).empty());               \
  REQUIRE(cli::exit_code_of(ErrorCode::name) != cli::ExitCode::ok); \
  meanings.push_back(cli::meaning_of(ErrorCode::name));
  COUNTERSIGN_ERROR_CODES(X)
#undef X
  std::sort(meanings.begin(), meanings.end());
  REQUIRE(std::adjacent_find(meanings.begin(), meanings.end()) == meanings.end());
}
