#include "storage/base/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "storage/base/foreign_json.hpp"
#include "storage/base/text.hpp"

namespace countersign {
namespace {

constexpr std::size_t kDepthMax = 8;

// Builds a Json from nlohmann's SAX events, which neither recurse nor hide duplicates.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(bool foreign) : foreign_(foreign) {}
  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override {
    if (value == 0) return refuse_number("minus zero");  // the only zero that comes here
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return refuse_number("an integer is out of range");
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t, const string_t&) override {
    return refuse_number("only integers are numbers here");
  }
  bool string(string_t& value) override {
    if (value.find('\0') != std::string::npos) return refuse("U+0000 in a string");
    return add(Json(std::move(value)));
  }
  bool binary(binary_t&) override { return refuse("binary"); }
  bool start_object(std::size_t) override { return open(Json::Object()); }
  bool start_array(std::size_t) override { return open(std::nullopt); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (name.find('\0') != std::string::npos) return refuse("U+0000 in a name");
    // A search through the members would make a message of many take their square in time.
    if (!open_.back().names.insert(name).second) return refuse("member '" + name + "' stands twice");
    open_.back().name = std::move(name);
    return true;
  }
  // Not the library's own words: they quote what was read, which may be a password.
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("not JSON, at byte " + std::to_string(position));
  }

  Json root;
  std::string reason;

 private:
  struct Open {
    std::optional<Json::Object> members;  // else it is an array
    Json::Array items = {};
    std::string name = {};  // of the member whose value comes next
    std::unordered_set<std::string> names = {};
  };

  bool refuse_number(std::string why) { return foreign_ ? add(Json()) : refuse(std::move(why)); }
  bool refuse(std::string why) {
    reason = std::move(why);
    return false;
  }
  bool open(std::optional<Json::Object> members) {
    if (open_.size() >= kDepthMax) return refuse("deeper than 8");
    open_.push_back({std::move(members)});
    return true;
  }
  bool close() {
    Json value = open_.back().members ? Json(*std::move(open_.back().members)) : Json(std::move(open_.back().items));
    open_.pop_back();
    return add(std::move(value));
  }
  bool add(Json value) {
    if (open_.empty()) {
      root = std::move(value);
    } else if (open_.back().members) {
      open_.back().members->emplace_back(std::move(open_.back().name), std::move(value));
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }

  bool foreign_;
  std::vector<Open> open_;
};

Result<Json> build(std::string_view text, Builder builder) {
  if (text.starts_with("\xEF\xBB\xBF")) return fail(ErrorCode::malformed_json, "begins with a byte order mark");
  if (!is_utf8(text)) return fail(ErrorCode::malformed_json, "not UTF-8");
  // The lexer takes a U+0000 for the end and would not look at what follows.
  if (text.find('\0') != std::string_view::npos) return fail(ErrorCode::malformed_json, "U+0000");
  try {
    if (!nlohmann::json::sax_parse(text, &builder)) return fail(ErrorCode::malformed_json, builder.reason);
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorCode::malformed_json, error.what());
  }
  return std::move(builder.root);
}

}  // namespace

const Json* Json::find(std::string_view name) const {
  const Object* object = members();
  if (object == nullptr) return nullptr;
  const auto found = std::find_if(object->begin(), object->end(), [&](const Member& m) { return m.first == name; });
  return found == object->end() ? nullptr : &found->second;
}

Json& Json::set(std::string name, Json value) & {
  auto& object = std::get<Object>(value_);
  const auto found = std::find_if(object.begin(), object.end(), [&](const Member& m) { return m.first == name; });
  if (found != object.end()) {
    found->second = std::move(value);
  } else {
    object.emplace_back(std::move(name), std::move(value));
  }
  return *this;
}

Json&& Json::set(std::string name, Json value) && {
  set(std::move(name), std::move(value));
  return std::move(*this);
}

void Json::erase(std::string_view name) {
  std::erase_if(std::get<Object>(value_), [&](const Member& m) { return m.first == name; });
}

void Json::push(Json value) {
  std::get<Array>(value_).push_back(std::move(value));
}

void Json::wipe() {
  if (auto* text = std::get_if<std::string>(&value_)) countersign::wipe(*text);
  if (auto* items = std::get_if<Array>(&value_)) {
    for (Json& item : *items) item.wipe();
  }
  if (auto* members = std::get_if<Object>(&value_)) {
    for (auto& [name, value] : *members) value.wipe();
  }
}

Result<Json> parse_json(std::string_view text) {
  return build(text, Builder(false));
}

Result<Json> parse_foreign_json(std::string_view text) {
  return build(text, Builder(true));
}

JsonReader::JsonReader(const Json& json) : json_(json) {}

const Json* JsonReader::use(std::string_view name) {
  used_.emplace_back(name);
  return json_.find(name);
}

bool JsonReader::has(std::string_view name) const {
  return json_.find(name) != nullptr;
}

Result<std::string> JsonReader::text(std::string_view name) {
  const Json* found = use(name);
  if (found == nullptr) return fail(ErrorCode::malformed_message, "member '" + std::string(name) + "' is missing");
  const std::string* value = found->string();
  if (value == nullptr) return fail(ErrorCode::malformed_message, "member '" + std::string(name) + "' is not a string");
  return *value;
}

Result<Secret> JsonReader::secret(std::string_view name) {
  const Json* found = use(name);
  if (found == nullptr) return fail(ErrorCode::malformed_message, "member '" + std::string(name) + "' is missing");
  const std::string* value = found->string();
  if (value == nullptr) return fail(ErrorCode::malformed_message, "member '" + std::string(name) + "' is not a string");
  return Secret(as_bytes(*value));
}

Result<Instant> JsonReader::time(std::string_view name) {
  const auto instant = parse_time(TRY(text(name)));
  if (!instant) return fail(ErrorCode::malformed_message, "member '" + std::string(name) + "' is not a time");
  return *instant;
}

Result<std::optional<Instant>> JsonReader::time_if_any(std::string_view name) {
  const Json* found = use(name);
  if (found == nullptr) return std::optional<Instant>();
  return std::optional<Instant>(TRY(time(name)));
}

Result<std::string> JsonReader::text_or(std::string_view name, std::string_view otherwise) {
  if (has(name)) return text(name);
  used_.emplace_back(name);
  return std::string(otherwise);
}

Result<std::string> JsonReader::text_or_null(std::string_view name) {
  const Json* found = use(name);
  return found == nullptr || found->is_null() ? std::string() : text(name);
}

Result<std::int64_t> JsonReader::integer(std::string_view name) {
  const Json* found = use(name);
  if (found == nullptr) return fail(ErrorCode::malformed_message, "member '" + std::string(name) + "' is missing");
  const std::int64_t* value = found->integer();
  if (value == nullptr) {
    return fail(ErrorCode::malformed_message, "member '" + std::string(name) + "' is not an integer");
  }
  return *value;
}

Result<std::int64_t> JsonReader::integer_or(std::string_view name, std::int64_t otherwise) {
  if (has(name)) return integer(name);
  used_.emplace_back(name);
  return otherwise;
}

Result<bool> JsonReader::boolean_or(std::string_view name, bool otherwise) {
  const Json* found = use(name);
  if (found == nullptr) return otherwise;
  const bool* value = found->boolean();
  if (value == nullptr) {
    return fail(ErrorCode::malformed_message, "member '" + std::string(name) + "' is not true or false");
  }
  return *value;
}

Json JsonReader::take(std::string_view name) {
  const Json* found = use(name);
  return found == nullptr ? Json() : *found;
}

Status JsonReader::finish() const {
  const Json::Object* members = json_.members();
  if (members == nullptr) return fail(ErrorCode::malformed_message, "not a JSON object");
  for (const auto& [name, value] : *members) {
    if (std::find(used_.begin(), used_.end(), name) == used_.end()) {
      return fail(ErrorCode::malformed_message, "unknown member '" + escape_for_display(name, 64) + "'");
    }
  }
  return ok();
}

}  // namespace countersign
