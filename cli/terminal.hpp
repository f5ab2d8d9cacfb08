// What a person or a script reads: data on stdout, talk on stderr.
//
// Nothing that is foreign reaches a terminal as it came: control, escape and bidirectional characters are escaped in
// all talk, in all answers, and in data where stdout is a terminal. Colour is the terminal's own, on a terminal only.
// For one thread.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "cli/table.hpp"
#include "storage/base/json.hpp"
#include "storage/base/progress.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::cli {

class Terminal {
 public:
  struct Shape {
    bool in_is_tty = false;
    bool out_is_tty = false;
    bool err_is_tty = false;
    bool colour = false;                // err_is_tty, and neither NO_COLOR nor TERM=dumb
    std::string tty_path = "/dev/tty";  // where questions are asked
    std::size_t columns = kColumnsUnknown;
  };

  Terminal(std::istream& in, std::ostream& out, std::ostream& err, Shape shape);
  // Over std::cin, std::cout and std::cerr.
  static Terminal of_process();

  // --json
  void answer_in_json(bool json) { json_ = json; }
  bool json() const { return json_; }
  // --full
  void answer_in_full(bool full) { full_ = full; }
  bool full() const { return full_; }
  std::size_t columns() const { return shape_.columns; }

  bool out_is_tty() const { return shape_.out_is_tty; }
  // Does somebody sit there, who may be asked for what a command was not given? Not a script, whatever it was started
  // from.
  bool is_attended() const { return shape_.in_is_tty && shape_.err_is_tty; }

  // stdin, for commands that are filters.
  std::istream& in() { return in_; }

  // Which command is spoken of: "countersign account list". Whoever mistyped is told to ask for its help.
  void speak_of(std::string command) { command_ = std::move(command); }

  // Talk: a line or several, to stderr, broken where the terminal is narrower (cli/wrapping.hpp). A final LF is added
  // where there is none.
  void say(std::string_view text);
  // The same as it stands: a statement, or the lines of an answer.
  void recite(std::string_view text);
  // How far long work has come: a line that the next one replaces, and whatever comes after removes. On a terminal
  // only.
  void progress(std::string_view text);
  // The same of work that counts what it has done: "1500 records copied". For as long as this terminal.
  Progress counting(std::string what);
  // Data: to stdout as it is, but escaped line by line where stdout is a terminal.
  void data(std::string_view text);
  // The answer of a command, once. With --json the value itself, on one line (indented on a terminal), when the command
  // ends. Without it, at once, an object as aligned `name  value` lines and a list of objects as a table
  // (cli/table.hpp); null prints nothing.
  void answer(const Json& json);
  // `countersign: what happened`, and what to do about it where that is known. With --json stdout is one document all
  // the same: {error, face, detail} where there is no answer, else the answer with the member `error` {code, face,
  // detail}.
  void error(const Error& error);

  // Asks yes or no at the person's terminal, never at stdin. Fails with usage where there is no terminal, naming
  // `instead`, what to pass to go on without being asked, and with failed when the answer is not yes.
  Status confirm(std::string_view question, std::string_view instead);

  // Asks for a line at the person's terminal, never at stdin; an empty one stands for `otherwise`, which is shown.
  // Blanks around it are nothing. Fails with usage where there is no terminal, naming `instead`, and with failed where
  // the input ends.
  Result<std::string> ask(std::string_view question, std::string_view otherwise, std::string_view instead);

  // Asks for a password at the person's terminal, twice, and shows nothing of it. Fails with usage where there is no
  // terminal, naming `instead`, and with failed where the two differ or were not given.
  Result<Secret> ask_password(std::string_view question, std::string_view instead);

  // Nobody reads stdout any more, as behind `| head -1`: there is nothing left to be told.
  bool reader_is_gone() const;

  // The end: writes what is still to be written. failed where something could not be written: a full disk must not look
  // like success.
  Status finish();

 private:
  std::istream& in_;
  std::ostream& out_;
  std::ostream& err_;
  Shape shape_;
  void clear_progress();
  void write_answer();

  bool json_ = false;
  bool full_ = false;
  std::string command_;
  std::optional<Json> answer_;  // with --json, until the command ends
  bool progress_shown_ = false;
};

// Compact or indented JSON whose strings hold no character that a terminal would act on: they are written as \uNNNN,
// which is the same value.
std::string json_for_display(const Json& json, bool indented);
// The text form of an answer.
std::string text_of_answer(const Json& json, const TableShape& shape = {});
// Every line through escape_for_display; the line ends stay.
std::string escape_lines(std::string_view text);

}  // namespace countersign::cli
