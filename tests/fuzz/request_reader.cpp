// The HTTP request reader: bytes of a stranger, in pieces of any size.
//
// The first byte says how they are cut. However that is, what comes out must be the same as from all of them at once,
// and whatever is let through must keep the promises that the carrier relies on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http/message_body.hpp"
#include "transport/http/request_reader.hpp"

namespace {

using countersign::transport::Message;
using countersign::transport::http::Request;
using countersign::transport::http::RequestReader;
using State = RequestReader::State;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Request& request) {
  require(request.path.starts_with('/') || request.path == "*");
  for (const char c : request.path) require(c > 0x20 && c < 0x7f && c != '?' && c != '#');
  for (const std::string* text :
       {&request.content_type, &request.accept, &request.forwarded_for, &request.forwarded_elements}) {
    for (const char c : *text) require(c != '\r' && c != '\n' && c != '\0');
  }
  if (request.match.route == nullptr) {
    require(request.body.empty());
    require(request.match.refusal == 404 || request.match.refusal == 405);
    return;
  }
  require(request.body.size() <= request.match.route->body_bytes_max());
  Message message;
  static_cast<void>(countersign::transport::http::read_body(request, message));
  static_cast<void>(countersign::transport::http::bearer_token(request.authorization));
  static_cast<void>(countersign::transport::http::accepts_json(request.accept));
}

std::string name_of(State state) {
  switch (state) {
    case State::idle:
      return "idle";
    case State::head:
      return "head";
    case State::body:
      return "body";
    case State::ended:
      return "ended";
    case State::complete:
    case State::refused:
      break;
  }
  std::abort();
}

std::vector<std::string> read_all(std::string_view bytes, std::size_t piece) {
  RequestReader reader;
  std::vector<std::string> seen;
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    reader.feed(next);
    while (reader.state() == State::complete) {
      const Request request = reader.take();
      check(request);
      require(reader.state() != State::ended || (request.match.route->on_behalf() && !request.keep_alive));
      seen.push_back(request.method + " " + request.path + "\n" + request.body);
    }
  }
  if (reader.state() == State::refused) {
    require(reader.refusal().status >= 400 && reader.refusal().status < 500);
    seen.push_back(std::to_string(reader.refusal().status));
  } else {
    seen.push_back(name_of(reader.state()));
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  require(read_all(bytes, std::size_t{data[0]} + 1) == read_all(bytes, bytes.size() + 1));
  return 0;
}
