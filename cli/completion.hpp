// What a shell offers when a command is half typed. The shells' scripts are thin and ask the program, so that what is
// offered is what the program takes. Pure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace countersign::cli {

struct Candidate {
  std::string text;
  std::string what;  // empty where there is nothing to say of it

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// What the store has of a kind; nothing where it cannot be asked. Of `data`, where --data was typed.
struct Names {
  std::function<std::vector<std::string>(const std::string& data)> usernames;
  std::function<std::vector<std::string>(const std::string& data, const std::string& user)> sessions;
};

struct Completion {
  enum class Files : std::uint8_t { none, any, folders };

  std::vector<Candidate> candidates;  // for the last word, each beginning with what is typed of it
  Files files = Files::none;          // the shell's own, besides
};

// `words` are those behind the program's name, as far as they are typed; the last may be empty. Nothing is offered
// where what stands before it is no command.
Completion complete(std::span<const std::string> words, const std::vector<Command>& commands, const Names& names);

// A line a candidate, `TEXT<tab>WHAT`, and `:files` or `:folders` where the shell is to offer these.
std::string text_of(const Completion& completion);

// The script that has a shell ask `countersign completion words`: of bash 5, zsh 5, fish 3.
std::string_view bash_completion();
std::string_view zsh_completion();
std::string_view fish_completion();

}  // namespace countersign::cli
