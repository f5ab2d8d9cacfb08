#include "transport/pages/html.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace countersign::transport::pages;

TEST_CASE("what a stranger wrote is shown and never is markup") {
  CHECK(escape_html("alice") == "alice");
  CHECK(escape_html("<script>alert('x')</script>") == "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
  CHECK(escape_html("\" onfocus=\"x") == "&quot; onfocus=&quot;x");
  CHECK(escape_html("a&amp;b") == "a&amp;amp;b");
  CHECK(escape_html("zo\xc3\xab") == "zo\xc3\xab");
  // What nobody sees, and what is no UTF-8.
  CHECK(escape_html("a\xe2\x80\xae<b") == "a\\u{202e}&lt;b");
  CHECK(escape_html("a\xff") == "a\\xff");
  CHECK(escape_html("a\nb") == "a\\x0ab");
}

TEST_CASE("a template takes each of its values once, and their placeholders are not read again") {
  CHECK(fill("<p>{{a}} {{b}} {{a}}</p>", {{"a", "<1>"}, {"b", "{{a}}"}}).text() == "<p>&lt;1&gt; {{a}} &lt;1&gt;</p>");
  const Html inner = fill("<b>{{x}}</b>", {{"x", "&"}});
  CHECK(fill("<p>{{a}}</p>", {{"a", inner}}).text() == "<p><b>&amp;</b></p>");
  CHECK_THROWS_AS(fill("{{a}}", {}), std::logic_error);
  CHECK_THROWS_AS(fill("", {{"a", ""}}), std::logic_error);
  CHECK_THROWS_AS(fill("{{a", {{"a", ""}}), std::logic_error);
}

TEST_CASE("a text of many lines keeps them") {
  CHECK(Value::lines("a\r\n\r\n<b>\n").html() == "a\n\n&lt;b&gt;\n");
}
