#include "transport/pages/agent.hpp"

#include <span>

namespace countersign::transport::pages {
namespace {

struct Token {
  std::string_view text;
  std::string_view name;
};

// Browsers claim to be others too: the first that fits is the most particular.
constexpr Token kBrowsers[] = {
    {"Edg/", "Edge"},      {"OPR/", "Opera"},    {"Vivaldi/", "Vivaldi"},   {"Firefox/", "Firefox"},
    {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
    {"Safari/", "Safari"}, {"curl/", "curl"},    {"Lynx/", "Lynx"},         {"w3m/", "w3m"},
};
constexpr Token kSystems[] = {
    {"Android", "Android"}, {"iPhone", "iOS"},      {"iPad", "iPadOS"},
    {"Windows", "Windows"}, {"Mac OS X", "macOS"},  {"CrOS", "ChromeOS"},
    {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}, {"Linux", "Linux"},
};

std::string_view first_in(std::string_view user_agent, std::span<const Token> tokens) {
  for (const Token& one : tokens) {
    if (user_agent.find(one.text) != std::string_view::npos) return one.name;
  }
  return {};
}

}  // namespace

std::string describe_agent(std::string_view user_agent) {
  const std::string_view browser = first_in(user_agent, kBrowsers);
  const std::string_view system = first_in(user_agent, kSystems);
  std::string out(browser.empty() ? "an unknown browser" : browser);
  if (!system.empty()) out.append(" on ").append(system);
  return out;
}

}  // namespace countersign::transport::pages
