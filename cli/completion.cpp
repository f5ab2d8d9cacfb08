#include "cli/completion.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace countersign::cli {
namespace {

enum class Kind : std::uint8_t { text, usernames, sessions, files, folders };

// What is written for an argument of that name, whatever the command.
struct KindOf {
  std::string_view name;
  Kind kind;
};
constexpr std::array kKinds = {
    KindOf{"USER", Kind::usernames},
    KindOf{"--user", Kind::usernames},
    KindOf{"--account", Kind::usernames},
    KindOf{"SESSION", Kind::sessions},
    KindOf{"FILE", Kind::files},
    KindOf{"PATH", Kind::files},
    KindOf{"--archive", Kind::files},
    KindOf{"--batch", Kind::files},
    KindOf{"--certificate", Kind::files},
    KindOf{"--key-out", Kind::files},
    KindOf{"--new-public-key", Kind::files},
    KindOf{"--password-file", Kind::files},
    KindOf{"--public-key", Kind::files},
    KindOf{"--token-file", Kind::files},
    KindOf{"DIR", Kind::folders},
    KindOf{"--data", Kind::folders},
    KindOf{"--to", Kind::folders},
};

Kind kind_of(std::string_view argument) {
  const auto* const found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const KindOf& one) { return one.name == argument; });
  return found == kKinds.end() ? Kind::text : found->kind;
}

// Those of every command.
const std::vector<Candidate>& global_options() {
  static const std::vector<Candidate> kOptions = {
      {"--data", "The data folder"}, {"--full", "Tables whole"}, {"--help", "Explain the command"}, {"--json", "JSON"}};
  return kOptions;
}

// What the words before the last have said.
struct Typed {
  const std::vector<Command>* commands = nullptr;  // that can come next; empty below a command
  const Command* command = nullptr;                // the one that is named, or the group
  bool is_command = true;                          // false once a word was none
  std::vector<std::string> places;                 // the arguments without a name
  std::set<std::string, std::less<>> options;
  std::string data;
  const Argument* open = nullptr;  // the option whose value comes next
  bool data_is_open = false;

  const Argument* named(std::string_view name) const {
    return command == nullptr ? nullptr : find_argument(*command, name);
  }

  void take(const std::string& word) {
    if (data_is_open) {
      data = word;
      data_is_open = false;
    } else if (open != nullptr) {
      open = nullptr;
    } else if (is_option(word)) {
      take_option(word);
    } else if (!commands->empty()) {
      take_command(word);
    } else {
      places.push_back(word);
    }
  }

 private:
  void take_option(const std::string& word) {
    options.insert(word);
    data_is_open = word == "--data";
    const Argument* const argument = named(word);
    if (argument != nullptr && argument->takes_value()) open = argument;
  }
  void take_command(const std::string& word) {
    const Command* const found = find_command(*commands, word);
    is_command = is_command && found != nullptr;
    if (!is_command) return;
    command = found;
    commands = &command->commands;
  }
};

class Completing {
 public:
  Completing(const Typed& typed, std::string_view begun, const Names& names)
      : typed_(typed), begun_(begun), names_(names) {}

  Completion run() {
    if (!typed_.is_command) return {};
    if (typed_.data_is_open) {
      done_.files = Completion::Files::folders;
    } else if (typed_.open != nullptr) {
      offer_value(*typed_.open);
    } else if (begun_.starts_with('-')) {
      offer_options();
    } else if (!typed_.commands->empty()) {
      for (const Command& one : *typed_.commands) offer(one.name, one.what);
    } else {
      offer_place();
    }
    return std::move(done_);
  }

 private:
  void offer(const std::string& text, const std::string& what) {
    if (text.starts_with(begun_)) done_.candidates.push_back({text, what});
  }

  void offer_all(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) offer(text, "");
  }

  void offer_value(const Argument& argument) {
    offer_all(argument.choices);
    switch (kind_of(argument.name)) {
      case Kind::text:
        break;
      case Kind::usernames:
        offer_all(names_.usernames(typed_.data));
        break;
      case Kind::sessions:
        if (!typed_.places.empty()) offer_all(names_.sessions(typed_.data, typed_.places.front()));
        break;
      case Kind::files:
        done_.files = Completion::Files::any;
        break;
      case Kind::folders:
        done_.files = Completion::Files::folders;
        break;
    }
  }

  void offer_options() {
    if (typed_.command != nullptr) {
      for (const Argument& argument : typed_.command->arguments) {
        if (argument.is_option() && can_still_come(argument)) offer(argument.name, argument.what);
      }
    }
    for (const Candidate& one : global_options()) {
      if (!typed_.options.contains(one.text)) offer(one.text, one.what);
    }
  }

  bool can_still_come(const Argument& argument) const {
    if (typed_.options.contains(argument.name) && !argument.may_repeat()) return false;
    const auto excludes = [&](const Argument& one, const std::string& name) {
      return std::find(one.excluded.begin(), one.excluded.end(), name) != one.excluded.end();
    };
    return std::none_of(typed_.options.begin(), typed_.options.end(), [&](const std::string& given) {
      const Argument* const other = typed_.named(given);
      return other != nullptr && (excludes(argument, given) || excludes(*other, argument.name));
    });
  }

  void offer_place() {
    std::size_t place = 0;
    for (const Argument& argument : typed_.command->arguments) {
      if (argument.is_option()) continue;
      if (place++ == typed_.places.size() || argument.may_repeat()) {
        offer_value(argument);
        return;
      }
    }
  }

  const Typed& typed_;
  const std::string_view begun_;
  const Names& names_;
  Completion done_;
};

}  // namespace

Completion complete(std::span<const std::string> words, const std::vector<Command>& commands, const Names& names) {
  if (words.empty()) return {};
  Typed typed;
  typed.commands = &commands;
  for (const std::string& word : words.first(words.size() - 1)) typed.take(word);
  return Completing(typed, words.back(), names).run();
}

std::string text_of(const Completion& completion) {
  std::string out;
  for (const Candidate& one : completion.candidates) {
    out += one.text + (one.what.empty() ? "" : "\t" + one.what) + "\n";
  }
  if (completion.files == Completion::Files::any) out += ":files\n";
  if (completion.files == Completion::Files::folders) out += ":folders\n";
  return out;
}

// bash cuts words at `@`, `:` and `=` too, and replaces only the last piece: what stands before it is taken off again.
// So the words are read from the line, where a backslash keeps a blank.
std::string_view bash_completion() {
  return R"sh(# In ~/.bashrc: source <(countersign completion bash)
_countersign() {
  local words piece=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} before text what
  read -a words <<<"$line"
  [[ $line != *[^\\][[:blank:]] ]] || words+=('')
  [[ $piece != [@:=] ]] || piece=
  before=${words[-1]}
  if [[ $before == *"$piece" ]]; then before=${before%"$piece"}; else before=; fi
  COMPREPLY=()
  while IFS=$'\t' read -r text what; do
    case $text in
      :files) compopt -o default ;;
      :folders) compopt -o dirnames ;;
      *)
        text=${text#"$before"}
        COMPREPLY+=("$(printf %q "$text")")
        ;;
    esac
  done < <("${COMP_WORDS[0]}" completion words -- "${words[@]:1}" 2>/dev/null)
}
complete -F _countersign countersign
)sh";
}

std::string_view zsh_completion() {
  return R"sh(#compdef countersign
# In ~/.zshrc, after compinit: source <(countersign completion zsh)
_countersign() {
  local text what
  local -a found
  while IFS=$'\t' read -r text what; do
    case $text in
      :files) _files ;;
      :folders) _files -/ ;;
      *) found+=("${text//:/\\:}${what:+:$what}") ;;
    esac
  done < <("${words[1]}" completion words -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( ! ${#found} )) || _describe countersign found
}
# A file of fpath is run by the first completion itself.
if [[ $funcstack[1] == _countersign ]]; then
  _countersign
else
  compdef _countersign countersign
fi
)sh";
}

std::string_view fish_completion() {
  return R"sh(# countersign completion fish > ~/.config/fish/completions/countersign.fish
function __countersign_words
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] completion words -- $words[2..-1] 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (commandline -ct)
            case :folders
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c countersign -f -a '(__countersign_words)'
)sh";
}

}  // namespace countersign::cli
