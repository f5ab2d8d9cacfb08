// What leaves for a request. Every answer is rendered here, head and body in one buffer.
#pragma once

#include <string>
#include <string_view>

namespace countersign::transport::http {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kTextType = "text/plain";

struct Response {
  int status = 503;
  std::string_view media_type = {};  // of the body; empty where there is none
  std::string body = {};
  std::string headers = {};  // what only this answer says: whole lines

  // Neither may hold CR or LF: `value` is a constant of ours, or encoded.
  void add_header(std::string_view name, std::string_view value);
};

// How it is delivered.
struct Delivery {
  bool to_head = false;  // the headers that a GET would get, and no body (RFC 9110 §9.3.2)
  bool keep_alive = false;
  bool http_1_0 = false;  // where keeping the connection has to be said
};

// Bytes ready to send. Any thread.
std::string render(const Response& response, const Delivery& delivery);

// The name of a status (RFC 9110 §15).
std::string_view title_of(int status);

}  // namespace countersign::transport::http
