// Sealed records are compared byte for byte with what is written, and the first of them were written by nlohmann's
// library: whatever the value, ours are its bytes.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>
#include <random>

#include "storage/base/json.hpp"

using namespace countersign;

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

ordered_json tree_of(const Json& json) {
  if (const auto* value = json.boolean()) return *value;
  if (const auto* value = json.integer()) return *value;
  if (const auto* value = json.string()) return *value;
  if (const auto* items = json.items()) {
    ordered_json out = ordered_json::array();
    for (const Json& item : *items) out.push_back(tree_of(item));
    return out;
  }
  if (const auto* members = json.members()) {
    ordered_json::object_t out;
    for (const auto& [name, value] : *members) out.emplace_back(name, tree_of(value));
    return out;
  }
  return nullptr;
}

std::string by_nlohmann(const Json& json, int indent) {
  return tree_of(json).dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

void require_same(const Json& json) {
  REQUIRE(write_json(json) == by_nlohmann(json, -1));
  REQUIRE(write_json_indented(json) == by_nlohmann(json, 2));
}

// Random values of every kind; texts that are anything, or what UTF-8 goes wrong with.
class Values {
 public:
  Json value(int depth) {
    switch (below(depth > 0 ? 7 : 5)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return integer();
      case 3:
      case 4:
        return text();
      case 5: {
        Json array = Json::array();
        for (std::size_t left = below(5); left > 0; --left) array.push(value(depth - 1));
        return array;
      }
      default: {
        Json object = Json::object();
        for (std::size_t left = below(5); left > 0; --left) object.set(text(), value(depth - 1));
        return object;
      }
    }
  }

  std::string text() {
    static constexpr std::string_view kPieces[] = {"plain",
                                                   "\"",
                                                   "\\",
                                                   "/",
                                                   "\x7f",
                                                   "\xc3\xa9",
                                                   "\xe2\x80\xa8",
                                                   "\xef\xbf\xbf",
                                                   "\xf0\x9f\x94\x91",
                                                   "\xc0",
                                                   "\xc1\x80",
                                                   "\xe0\x80",
                                                   "\xe0\xa0",
                                                   "\xed\xa0\x80",
                                                   "\xef",
                                                   "\xf0\x8f",
                                                   "\xf0\x90\x80",
                                                   "\xf4\x90",
                                                   "\xf5",
                                                   "\xff",
                                                   "\x80"};
    std::string out;
    for (std::size_t left = below(6); left > 0; --left) {
      if (below(2) == 0) {
        out += kPieces[below(std::size(kPieces))];
      } else {
        out += static_cast<char>(below(256));
      }
    }
    return out;
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  Json integer() {
    static constexpr std::int64_t kEdges[] = {
        0, -1, 9, 10, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    return below(2) == 0 ? kEdges[below(std::size(kEdges))] : static_cast<std::int64_t>(random_());
  }

  std::mt19937_64 random_{20260101};
};

}  // namespace

TEST_CASE("every byte and every pair of bytes is written as nlohmann writes it") {
  for (int first = 0; first < 256; ++first) {
    require_same(Json(std::string(1, static_cast<char>(first))));
    for (int second = 0; second < 256; ++second) {
      const std::string pair = {static_cast<char>(first), static_cast<char>(second)};
      REQUIRE(write_json(Json(pair)) == by_nlohmann(Json(pair), -1));
      // Between others, and with what may end a sequence of three or four.
      const std::string more = "a" + pair + "\x80\xbf\x9f";
      REQUIRE(write_json(Json(more)) == by_nlohmann(Json(more), -1));
    }
  }
}

TEST_CASE("random values are written as nlohmann writes them, on one line and on many") {
  Values values;
  for (int i = 0; i < 5000; ++i) require_same(values.value(4));
  for (const std::int64_t edge : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    require_same(Json(edge));
  }
  require_same(Json(std::string("a\0b", 3)));
  require_same(Json::object());
  require_same(Json::array());
  require_same(Json::object().set("a", Json::array()).set("b", Json::object()));
}

TEST_CASE("what the fuzz corpora hold is written as nlohmann writes it") {
  std::size_t read = 0;
  for (const char* corpus : {"json", "operations_json", "legacy_account"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(COUNTERSIGN_FIXTURES) / "fuzz" / corpus)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      CAPTURE(entry.path());
      require_same(Json(bytes));
      const auto json = parse_json(bytes);
      if (!json) continue;
      ++read;
      require_same(*json);
    }
  }
  CHECK(read > 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their shadow needs more than any limit
TEST_CASE("writing JSON where memory ends fails and ends nothing") {
  Json json = Json::object();
  Json items = Json::array();
  for (int i = 0; i < 200'000; ++i) items.push(Json::object().set("a", Json::array()).set("b", i));
  json.set("items", std::move(items));
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none_left{1, 1};  // of address space: what the process has stays
    setrlimit(RLIMIT_AS, &none_left);
    try {
      while (true) static_cast<void>(new std::string(write_json(json)));
    } catch (const std::bad_alloc&) {
      _exit(0);
    }
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif
