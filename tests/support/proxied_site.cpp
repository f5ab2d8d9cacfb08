#include "tests/support/proxied_site.hpp"

#include <stdexcept>

#include "tests/support/program.hpp"
#include "tests/support/waiting.hpp"

namespace countersign::test {

namespace fs = std::filesystem;

ProxiedSite::ProxiedSite() {
  fs::permissions(folder.path(), fs::perms(0755));  // Apache's workers are another user
  const ProgramRun made = run_program(
      {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
       "-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:auth.example.org,DNS:app.example.org", "-keyout",
       path("site.key"), "-out", path("site.pem")},
      "");
  if (made.exit_code != 0) throw std::runtime_error("openssl: " + made.error);
  write_file(path("both.pem"), read_file(path("site.pem")) + read_file(path("site.key")));
}

std::string ProxiedSite::configuration(const char* heading, const char* language,
                                       std::vector<std::pair<std::string, std::string>> changes) const {
  const std::string block = printed("operating/proxy.md", heading, language);
  // The longer ones, where there are, come first.
  for (const auto& [text, becomes] : std::vector<std::pair<std::string, std::string>>{
           {"/v1/authz", "/v1/authz/" + groups},
           {"/v1/forward", "/v1/forward/" + groups},
           {"127.0.0.1:8420", upstream},
           {"127.0.0.1:3000", "127.0.0.1:" + std::to_string(application.port())}}) {
    if (block.find(text) != std::string::npos) changes.emplace_back(text, becomes);
  }
  return replaced(block, changes);
}

std::unique_ptr<Proxy> ProxiedSite::start_nginx() const {
  const std::string block = configuration("## nginx", "nginx",
                                          {{"listen 443 ssl", "listen " + listens() + " ssl"},
                                           {"/etc/ssl/example.org.pem", path("site.pem")},
                                           {"/etc/ssl/example.org.key", path("site.key")}});
  auto nginx = std::make_unique<Proxy>(nginx_command(folder.path(), block), path("log"));
  nginx->wait_for(port.number());
  return nginx;
}

std::unique_ptr<Proxy> ProxiedSite::start_caddy() const {
  const KeptPort plain;
  // Certificates of its own making, and nothing beside its folder.
  const std::string global = "{\nadmin off\nlocal_certs\nskip_install_trust\ndefault_bind 127.0.0.1\nhttps_port " +
                             std::to_string(port.number()) + "\nhttp_port " + std::to_string(plain.number()) +
                             "\nstorage file_system " + path("caddy") + "\n}\n";
  write_file(path("Caddyfile"), global + configuration("## Caddy", "caddyfile", {}));
  auto caddy =
      std::make_unique<Proxy>(std::vector<std::string>{"/usr/bin/env", "HOME=" + path("home"), kCaddy, "run",
                                                       "--config", path("Caddyfile"), "--adapter", "caddyfile"},
                              path("log"));
  caddy->wait_for(port.number());
  wait_until(
      [&] { return Wire(port.number()).secure("auth.example.org") && Wire(port.number()).secure("app.example.org"); });
  return caddy;
}

}  // namespace countersign::test
