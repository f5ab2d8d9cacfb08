// What a shell offers while a command is typed.
#include "cli/commands/all.hpp"

#include "cli/completion.hpp"
#include "cli/local_carrier.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli::commands {
namespace {

constexpr std::int64_t kNamesMax = 10'000;

struct WordsOptions {
  std::vector<std::string> words;

  Arguments arguments() {
    return {Argument("WORD", &words, "What is typed behind the program's name, begun or whole").may_be_empty()};
  }
};

// A member of each item of a list; what could not be shown on one line is not offered. Of a list that goes on nothing
// is: a shell takes the one name that it is offered for the only one there is.
std::vector<std::string> texts_of(const Result<Json>& answer, const char* list, const char* member) {
  std::vector<std::string> texts;
  if (!answer || answer->find("next") != nullptr) return texts;
  for (const Json& one : *answer->find(list)->items()) {
    const std::string& text = *one.find(member)->string();
    if (!text.empty() && escape_for_display(text) == text) texts.push_back(text);
  }
  return texts;
}

// Whatever keeps the store from being read, a shell offers nothing then.
Names names_of(CommandContext& context) {
  const auto ask = [&context](const std::string& data, const char* operation, Json fields) {
    CommandContext of_data{context.terminal, context.environment, data.empty() ? context.data_flag : data};
    return ask_local(of_data, operation, std::move(fields.set("limit", kNamesMax)), "");
  };
  return {[ask](const std::string& data) {
            return texts_of(ask(data, "account.list", Json::object()), "accounts", "username");
          },
          [ask](const std::string& data, const std::string& user) {
            return texts_of(ask(data, "account.sessions", name_account(Json::object(), user)), "sessions", "session");
          }};
}

Status run_words(const WordsOptions& options, CommandContext& context) {
  context.terminal.data(text_of(complete(options.words, all(), names_of(context))));
  return ok();
}

template <std::string_view (*kScript)()>
Status print_script(CommandContext& context) {
  context.terminal.data(kScript());
  return ok();
}

}  // namespace

Command completion_command() {
  return group("completion", "Scripts with which a shell completes commands",
               {
                   command("bash", "For bash", "source <(countersign completion bash)", print_script<bash_completion>),
                   command("zsh", "For zsh, after compinit", "source <(countersign completion zsh)",
                           print_script<zsh_completion>),
                   command("fish", "For fish", "countersign completion fish | source", print_script<fish_completion>),
                   command("words", "What the last of these words can be; the scripts ask this",
                           "countersign completion words -- session e", run_words),
               });
}

}  // namespace countersign::cli::commands
