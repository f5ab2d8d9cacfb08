// What it costs to read what strangers send: a request's head, and JSON. Beside each stands its limit: looking for line
// ends alone, and the parser that ours is built on.
#include <benchmark/benchmark.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "storage/base/json.hpp"
#include "transport/http/request_reader.hpp"

namespace countersign::bench {
namespace {

using transport::http::RequestReader;

const std::string kRequest =
    "GET /v1/session HTTP/1.1\r\nHost: auth.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n"
    "Accept: application/json\r\nAccept-Language: en\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Authorization: Bearer 0123456789012345678901234567890123456789012\r\nConnection: keep-alive\r\n\r\n";

const std::string kSession = R"({"session":"0123456789abcdef0123456789abcdef","account":)"
                             R"("e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4","username":"alice",)"
                             R"("method":"openpgp","transport":"http","created_at":"2026-11-21T17:20:00Z",)"
                             R"("idle_expires_at":"2026-11-22T05:20:00Z","expires_at":"2026-11-22T17:20:00Z"})";

void count_bytes(benchmark::State& state, const std::string& text) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(text.size()));
}

void read_request(benchmark::State& state) {
  RequestReader reader;
  for (auto _ : state) {
    if (reader.feed(kRequest) != RequestReader::State::complete) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(reader.take());
  }
  count_bytes(state, kRequest);
}

void find_line_ends(benchmark::State& state) {
  for (auto _ : state) {
    std::size_t lines = 0;
    const char* const end = kRequest.data() + kRequest.size();
    for (const char* at = kRequest.data(); at < end; ++lines) {
      const void* const found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
      if (found == nullptr) return state.SkipWithError("no line end");
      at = static_cast<const char*>(found) + 1;
    }
    benchmark::DoNotOptimize(lines);
  }
  count_bytes(state, kRequest);
}

void parse_strictly(benchmark::State& state) {
  for (auto _ : state) {
    const auto json = parse_json(kSession);
    if (!json) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(json->members());
  }
  count_bytes(state, kSession);
}

void parse_by_nlohmann(benchmark::State& state) {
  for (auto _ : state) {
    const auto json = nlohmann::json::parse(kSession, nullptr, false);
    if (json.is_discarded()) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(json.size());
  }
  count_bytes(state, kSession);
}

BENCHMARK(read_request)->Name("reading/request/reader");
BENCHMARK(find_line_ends)->Name("reading/request/memchr");
BENCHMARK(parse_strictly)->Name("reading/json/parse_json");
BENCHMARK(parse_by_nlohmann)->Name("reading/json/nlohmann");

}  // namespace
}  // namespace countersign::bench
