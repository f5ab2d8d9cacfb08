#include "transport/metrics/exposition.hpp"

#include <catch2/catch.hpp>

using namespace countersign::transport::metrics;

TEST_CASE("a family is its help, its type and its samples") {
  Exposition out;
  out.begin("a_total", MetricType::counter, "What happened.");
  out.add({{"kind", "key"}, {"face", "denied"}}, 2);
  out.add(3);
  out.begin("b", MetricType::gauge, "What is.");
  CHECK(out.take() ==
        "# HELP a_total What happened.\n# TYPE a_total counter\n"
        "a_total{kind=\"key\",face=\"denied\"} 2\na_total 3\n"
        "# HELP b What is.\n# TYPE b gauge\n");
}

TEST_CASE("the parts of a histogram are named behind its family") {
  Exposition out;
  out.begin("a_seconds", MetricType::histogram, "How long.");
  out.add("_bucket", {{"le", "+Inf"}}, 1);
  out.add("_sum", {}, 0.25);
  CHECK(
      out.take() ==
      "# HELP a_seconds How long.\n# TYPE a_seconds histogram\na_seconds_bucket{le=\"+Inf\"} 1\na_seconds_sum 0.25\n");
}

TEST_CASE("the value of a label cannot forge a sample") {
  Exposition out;
  out.begin("a", MetricType::gauge, "What is.");
  out.add({{"b", "c\"} 1\nd{e=\"\\"}}, 1);
  const std::string text = out.take();
  CHECK(text.substr(text.find("\na{") + 1) == "a{b=\"c\\\"} 1\\nd{e=\\\"\\\\\"} 1\n");
}

TEST_CASE("a number is whole where it is whole, and exact where it is not") {
  CHECK(number_text(0) == "0");
  CHECK(number_text(1796000000) == "1796000000");
  CHECK(number_text(0.000025) == "2.5e-05");
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(10) == "10");
}
