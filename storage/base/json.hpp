// Strict JSON (RFC 8259), for records and for messages from strangers.
//
// Refused: duplicate members (escaped spellings of one name too), a byte order mark, U+0000 in a string, anything but
// UTF-8, fractions and exponents, minus zero, integers outside 64 bits, depth over 8, anything after the value. Parsing
// does not recurse. Members keep their order and there is one way to write a value, so what was read and is written
// again is the same bytes: that is what a MAC over a record relies on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"
#include "storage/base/time.hpp"

namespace countersign {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() : value_(nullptr) {}
  Json(std::nullptr_t) : value_(nullptr) {}
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  static Json object() { return Json(Object{}); }
  static Json array() { return Json(Array{}); }

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  // The value if it is of that type, else a null pointer.
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const Array* items() const { return std::get_if<Array>(&value_); }
  const Object* members() const { return std::get_if<Object>(&value_); }

  // The member, or a null pointer where this is no object or has none of that name.
  const Json* find(std::string_view name) const;
  // Adds or replaces a member of an object; returns *this so that an object is written in one expression.
  Json& set(std::string name, Json value) &;
  Json&& set(std::string name, Json value) &&;
  void erase(std::string_view name);
  void push(Json value);
  // Overwrites every text in it, wherever it stands: a message may hold a password.
  void wipe();

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, std::string, Array, Object> value_;
};

// malformed_json, with the reason.
Result<Json> parse_json(std::string_view text);
// Compact, members in their order, non-ASCII as UTF-8.
std::string write_json(const Json& json);
// With two blanks of indent, for people.
std::string write_json_indented(const Json& json);

// Takes the members of one object one by one and refuses what is left over: a member nobody asked for is an error.
//
//   JsonReader reader(json);
//   const std::string name = TRY(reader.text("username"));
//   TRY(reader.finish());
//
// Every method fails with malformed_message and names the member.
class JsonReader {
 public:
  // Keeps a reference: `json` outlives it.
  explicit JsonReader(const Json& json);
  explicit JsonReader(Json&&) = delete;
  bool has(std::string_view name) const;  // null is there too
  Result<std::string> text(std::string_view name);
  Result<std::string> text_or(std::string_view name, std::string_view otherwise);
  // Empty where the member is absent or null, which is how our records say that there is none.
  Result<std::string> text_or_null(std::string_view name);
  // Without a copy on the way.
  Result<Secret> secret(std::string_view name);
  Result<std::int64_t> integer(std::string_view name);
  Result<std::int64_t> integer_or(std::string_view name, std::int64_t otherwise);
  // In the form of time.hpp.
  Result<Instant> time(std::string_view name);
  // Nothing where the member is absent.
  Result<std::optional<Instant>> time_if_any(std::string_view name);
  Result<bool> boolean_or(std::string_view name, bool otherwise);
  // A copy of any member, as it is; null where there is none.
  Json take(std::string_view name);
  Status finish() const;

 private:
  const Json* use(std::string_view name);

  const Json& json_;
  std::vector<std::string> used_;
};

}  // namespace countersign
