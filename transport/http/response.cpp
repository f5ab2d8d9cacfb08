#include "transport/http/response.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ctime>

#include "auth/base/clock.hpp"

namespace countersign::transport::http {
namespace {

// Room for every head of ours, so that an answer is allocated once.
constexpr std::size_t kHeadBytes = 512;

void add_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// RFC 9110 §5.6.7, in English whatever the locale is; written once a second by each thread.
std::string_view date_of_now() {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  thread_local std::time_t written = -1;
  thread_local std::array<char, 48> text;
  thread_local std::size_t size = 0;
  const std::time_t now = std::chrono::system_clock::to_time_t(auth::SystemClock().now());
  if (now != written) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    const auto end = fmt::format_to_n(text.data(), text.size(), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                                      kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                                      kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour,
                                      utc.tm_min, utc.tm_sec);
    size = end.size;
    written = now;
  }
  return {text.data(), size};
}

}  // namespace

void Response::add_header(std::string_view name, std::string_view value) {
  add_line(headers, name, value);
}

std::string render(const Response& response, const Delivery& delivery) {
  std::string out;
  out.reserve(kHeadBytes + response.headers.size() + response.body.size());
  out.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str()).append(" ");
  out.append(title_of(response.status)).append("\r\n");
  add_line(out, "Date", date_of_now());
  out += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  if (!response.media_type.empty()) add_line(out, "Content-Type", response.media_type);
  // RFC 9110 §8.6: 204 has none.
  if (response.status != 204) add_line(out, "Content-Length", fmt::format_int(response.body.size()).c_str());
  out += response.headers;
  if (!delivery.keep_alive) {
    out += "Connection: close\r\n";
  } else if (delivery.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  if (!delivery.to_head) out += response.body;
  return out;
}

std::string_view title_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

}  // namespace countersign::transport::http
