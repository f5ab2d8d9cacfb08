// What stands around a proxy with a configuration of docs/operating/proxy.md: a certificate, an application, ports. Of
// a configuration addresses, ports, paths and groups are replaced, and nothing else.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/http_wire.hpp"
#include "tests/support/media.hpp"
#include "tests/support/proxy.hpp"

namespace countersign::test {

inline constexpr const char* kCaddy = "/usr/bin/caddy";

class ProxiedSite {
 public:
  // With a certificate of its own for auth.example.org and app.example.org. Throws where openssl makes none.
  ProxiedSite();

  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  std::string listens() const { return "127.0.0.1:" + std::to_string(port.number()); }
  // The block of the page, leading to the server at `upstream` and to the application, open for members of `groups`.
  std::string configuration(const char* heading, const char* language,
                            std::vector<std::pair<std::string, std::string>> changes) const;
  // Running, and listening; throws where it does not come up.
  std::unique_ptr<Proxy> start_nginx() const;
  std::unique_ptr<Proxy> start_caddy() const;

  const ScratchFolder folder;
  const KeptPort port;  // of the proxy
  EchoApplication application;
  std::string upstream;  // HOST:PORT
  std::string groups = "staff,guests";
};

}  // namespace countersign::test
