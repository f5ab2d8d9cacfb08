#include "cli/commands/init_questions.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "transport/pages/site.hpp"

namespace countersign::cli::commands {
namespace {

constexpr std::string_view kInstead = "--server NAME";
constexpr std::string_view kProxyHere = "127.0.0.1/32,::1/128";

// What a machine that has a whole name is probably reached by; empty where it has none.
std::string own_url() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  std::string url = fmt::format("https://{}", name.data());
  return url.find('.') != std::string::npos && check_server_name(url) ? url : "";
}

// Until the answer is one that the setting takes.
Status ask_setting(Settings& settings, Terminal& terminal, std::string_view key, std::string_view question,
                   std::string_view otherwise) {
  while (true) {
    const std::string answer = TRY(terminal.ask(question, otherwise, kInstead));
    const Status set = find_setting(key)->set(settings, answer);
    if (set) return ok();
    terminal.say(set.error().detail);
  }
}

// A shell would have known what ~ stands for.
std::string with_home(const std::string& path, const Environment& environment) {
  const auto home = environment.find("HOME");
  return home && path.starts_with("~/") ? *home + path.substr(1) : path;
}

Status ask_for_folder(CommandContext& context) {
  if (!context.data_flag.empty() || context.environment.find("COUNTERSIGN_DATA")) return ok();
  const std::string otherwise = TRY(context.data_folder()).string();
  context.data_flag = with_home(TRY(context.terminal.ask("Data folder", otherwise, "--data DIR")), context.environment);
  return ok();
}

// "here" and "none" for what nearly everybody has.
Status ask_for_proxy(Settings& settings, Terminal& terminal) {
  const SettingRow* const row = find_setting("trusted_proxies");
  while (true) {
    std::string answer =
        TRY(terminal.ask("Proxies with TLS in front: here, none, or their networks", "here", kInstead));
    if (answer == "here") answer = kProxyHere;
    if (answer == "none") answer.clear();
    const Status set = row->set(settings, answer);
    if (set) return ok();
    terminal.say(set.error().detail);
  }
}

bool is_here(const Settings& settings) {
  return find_setting("trusted_proxies")->get(settings) == kProxyHere;
}

}  // namespace

Status ask_for_settings(Settings& settings, CommandContext& context) {
  Terminal& terminal = context.terminal;
  terminal.say("An empty answer takes what stands in brackets. All of it but the server's name can be changed later.");
  TRY(ask_setting(settings, terminal, "server", "The server's URL, as its users reach it", own_url()));
  TRY(ask_for_folder(context));
  TRY(ask_for_proxy(settings, terminal));
  // A proxy elsewhere reaches no loopback address.
  const bool others = !settings.trusted_proxies.empty() && !is_here(settings);
  TRY(ask_setting(settings, terminal, "listen", "Listen for plain HTTP at HOST:PORT",
                  others ? "0.0.0.0:8420" : settings.listen.text()));
  if (!transport::pages::parse_site(settings.server, "")) return ok();
  return ask_setting(settings, terminal, "pages", "Pages to log in with a browser, on or off", "off");
}

}  // namespace countersign::cli::commands
