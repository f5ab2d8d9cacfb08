// HTML that this server writes: templates of files that are compiled in, in which `{{name}}` stands for a value.
//
// A value is text, and is escaped by one function, or it is Html, which only this file makes: so what a stranger wrote
// can be shown anywhere between tags and in a quoted attribute, and never is markup. Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace countersign::transport::pages {

// For an element's text and for an attribute between double quotes. What a reader cannot see, and what would turn the
// order of the letters round, is shown by its number.
std::string escape_html(std::string_view text);

class Html {
 public:
  Html() = default;
  const std::string& text() const { return text_; }
  Html& operator+=(const Html& more) {
    text_ += more.text_;
    return *this;
  }

 private:
  friend class Value;
  friend Html fill(std::string_view page, std::initializer_list<std::pair<std::string_view, class Value>> values);
  std::string text_;
};

class Value {
 public:
  Value(std::string_view text) : html_(escape_html(text)) {}
  Value(const std::string& text) : html_(escape_html(text)) {}
  Value(const char* text) : html_(escape_html(text)) {}
  Value(const Html& html) : html_(html.text_) {}
  // Of ours: a text of many lines, which keeps them.
  static Value lines(std::string_view text);
  const std::string& html() const { return html_; }

 private:
  std::string html_;
};

// A name that has no value, and a value that no name asks for, are mistakes of ours: std::logic_error.
Html fill(std::string_view page, std::initializer_list<std::pair<std::string_view, Value>> values);

}  // namespace countersign::transport::pages
