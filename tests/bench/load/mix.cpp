#include "tests/bench/load/mix.hpp"

#include <algorithm>
#include <stdexcept>

#include "storage/base/text.hpp"

namespace countersign::bench {
namespace {

constexpr std::int64_t kWeightMax = 1000;

Kind kind_of(std::string_view name) {
  for (const Kind kind : kKinds) {
    if (name == name_of(kind)) return kind;
  }
  throw std::invalid_argument("no kind of operation: " + std::string(name));
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::get:
      return "get";
    case Kind::check:
      return "check";
    case Kind::authz:
      return "authz";
    case Kind::challenge:
      return "challenge";
    case Kind::login:
      return "login";
    case Kind::password:
      return "password";
    case Kind::refresh:
      return "refresh";
  }
  return "";
}

Mix::Mix(std::string_view text) {
  for (const std::string_view part : split(text, ',')) {
    const auto equals = part.find('=');
    const Kind kind = kind_of(part.substr(0, equals));
    const auto weight = equals == std::string_view::npos ? 1 : parse_number(part.substr(equals + 1));
    if (!weight || *weight < 1 || *weight > kWeightMax) {
      throw std::invalid_argument("a weight is 1 to " + std::to_string(kWeightMax) + ": " + std::string(part));
    }
    if (has(kind)) throw std::invalid_argument("twice in the mix: " + std::string(name_of(kind)));
    parts_.push_back({kind, static_cast<unsigned>(*weight)});
    total_ += parts_.back().weight;
  }
}

bool Mix::has(Kind kind) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) { return part.kind == kind; });
}

bool Mix::needs_account() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.kind != Kind::get; });
}

bool Mix::needs_session() const {
  return has(Kind::check) || has(Kind::authz) || has(Kind::refresh);
}

Kind Mix::pick(std::minstd_rand& random) const {
  auto at = std::uniform_int_distribution<unsigned>(0, total_ - 1)(random);
  for (const Part& part : parts_) {
    if (at < part.weight) return part.kind;
    at -= part.weight;
  }
  return parts_.back().kind;
}

}  // namespace countersign::bench
