#include "transport/pages/agent.hpp"

#include <catch2/catch.hpp>

using countersign::transport::pages::describe_agent;

TEST_CASE("a browser is called as its user calls it") {
  CHECK(describe_agent("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0") == "Firefox on Linux");
  CHECK(describe_agent("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                       "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0") == "Edge on Windows");
  CHECK(describe_agent("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
                       "HeadlessChrome/130.0.0.0 Safari/537.36") == "Chrome on Linux");
  CHECK(describe_agent("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                       "Version/17.4 Safari/605.1.15") == "Safari on macOS");
  CHECK(describe_agent("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
                       "Gecko) CriOS/130.0 Mobile/15E148 Safari/604.1") == "Chrome on iOS");
  CHECK(describe_agent("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
                       "Chrome/130.0.0.0 Mobile Safari/537.36") == "Chrome on Android");
  CHECK(describe_agent("curl/7.88.1") == "curl");
}

TEST_CASE("nothing that a stranger writes as a browser's name is repeated") {
  CHECK(describe_agent("") == "an unknown browser");
  CHECK(describe_agent("\x1b[2J evil") == "an unknown browser");
  CHECK(describe_agent("evil (Linux)") == "an unknown browser on Linux");
}
