// Runs the HTTP server until SIGINT or SIGTERM; SIGHUP has it read its settings anew.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <functional>
#include <mutex>
#include <thread>

#include "auth/base/log.hpp"
#include "auth/keys/key_maker.hpp"
#include "cli/descriptors.hpp"
#include "cli/maintenance.hpp"
#include "cli/store.hpp"
#include "cli/supervisor.hpp"
#include "storage/base/text.hpp"
#include "transport/http/connections.hpp"
#include "transport/http/http_server.hpp"
#include "transport/metrics/metrics.hpp"
#include "transport/metrics/metrics_server.hpp"

namespace countersign::cli::commands {
namespace {

// What holds where neither the option nor countersign.toml says anything.
std::string with_default(std::string_view what, std::string_view key) {
  const std::string value = find_setting(key)->get(Settings());
  return fmt::format("{} (default: {})", what, value.empty() ? "none" : value);
}

struct ServeOptions {
  std::optional<std::string> listen;
  std::optional<std::string> openpgp;
  std::optional<std::string> rate_limit;
  std::optional<std::string> log_format;
  std::vector<std::string> trusted_proxies;
  bool insecure_http = false;  // a plain-HTTP address beyond loopback is meant

  Arguments arguments() {
    return {
        {"--listen", &listen, with_default("HOST:PORT", "listen")},
        {"--openpgp", &openpgp, with_default("The OpenPGP engine: rnp, gpgme or both", "openpgp")},
        {"--rate-limit", &rate_limit, with_default("on or off", "rate_limit")},
        {"--log-format", &log_format, with_default("text or json", "log_format")},
        {"--trusted-proxy", &trusted_proxies,
         with_default("A network of proxies, whose forwarded_header counts; may be given again", "trusted_proxies")},
        {"--insecure-http", &insecure_http, "Plain HTTP on an address that others can reach (default: refused)"},
    };
  }
};

std::vector<SettingOverride> overrides_of(const ServeOptions& options) {
  std::vector<SettingOverride> overrides;
  if (options.listen) overrides.push_back({"listen", *options.listen, "--listen"});
  if (options.openpgp) overrides.push_back({"openpgp", *options.openpgp, "--openpgp"});
  if (options.rate_limit) overrides.push_back({"rate_limit", *options.rate_limit, "--rate-limit"});
  if (options.log_format) overrides.push_back({"log_format", *options.log_format, "--log-format"});
  if (!options.trusted_proxies.empty()) {
    overrides.push_back(
        {"trusted_proxies", fmt::format("{}", fmt::join(options.trusted_proxies, ",")), "--trusted-proxy"});
  }
  return overrides;
}

// Workers wait for the disk more than for a core.
constexpr std::size_t kWorkersPerCore = 4;

// Passwords and the making of keys keep at most so many workers as the hasher and the maker let wait. Those that judge
// signatures come on top of them, and a quarter of all is kept for session checks by the server itself: so neither
// waits behind a hash or a key.
std::size_t worker_count() {
  const std::size_t kept = auth::passwords::hashes_at_once() + auth::passwords::HasherSettings().queue_max +
                           auth::keys::kKeysAtOnce + auth::keys::kKeysWaitingMax;
  const std::size_t answering = std::max<std::size_t>(4, std::thread::hardware_concurrency() * kWorkersPerCore);
  return (kept + answering) * 4 / 3 + 1;
}

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  return signals;
}

void tell_of_maintenance(const Status& maintained) {
  if (maintained) return auth::log_event(auth::LogLevel::info, "maintenance works again", {});
  auth::log_event(auth::LogLevel::alarm, "maintenance failed",
                  {{"code", name_of(maintained.error().code)}, {"detail", maintained.error().detail}});
}

// Until SIGINT or SIGTERM; once a second the store looks after what nobody asks for.
void maintain_until_stopped(Store& store, const std::function<void()>& on_hangup) {
  const sigset_t signals = awaited_signals();
  const timespec second{1, 0};
  Maintenance maintenance([&] { return store.maintain(); }, tell_of_maintenance);
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &second);
    if (signal == SIGINT || signal == SIGTERM) return;
    if (signal == SIGHUP) on_hangup();
    maintenance.run();
    auth::log_due_counts();
  }
}

// Silence would count everybody behind a proxy as one.
void tell_of_unsaid_source(const transport::http::Source& source, std::string_view header) {
  using transport::http::Forwarding;
  const std::string proxy = source.address.text();
  const auto alarm = [&](std::string_view problem, const std::string& detail) {
    auth::log_grouped(auth::LogLevel::alarm, "source unsaid", {{"problem", problem}, {"proxy", proxy}},
                      {{"detail", detail}});
  };
  switch (source.forwarding) {
    case Forwarding::none:
    case Forwarding::read:
      return;
    case Forwarding::missing:
      return alarm("no header", fmt::format("set {} to the client's address at every location of the proxy that leads "
                                            "here, else all behind it are limited as one",
                                            header));
    case Forwarding::unreadable:
      return alarm("no address", fmt::format("the proxy's {} names no address: let it write the client's, else all "
                                             "behind it are limited as one",
                                             header));
    case Forwarding::disregarded: {
      static std::once_flag told;
      std::call_once(told, [&] {
        auth::log_event(auth::LogLevel::warning, "proxy not trusted",
                        {{"proxy", proxy},
                         {"detail", fmt::format("its {} does not count, and all behind it are limited as one; name it "
                                                "in trusted_proxies if it is your proxy",
                                                header)}});
      });
      return;
    }
  }
}

void tell_of_refusal(std::string_view source, std::string_view reason) {
  auth::log_grouped(auth::LogLevel::warning, "refused", {{"reason", reason}, {"source", source}}, {});
}

// What is told of this process alone, whichever generation of the store is the present one.
struct Counts {
  transport::metrics::OperationCounts operations;
  transport::metrics::RefusalCounts refusals;
};

transport::http::HttpServerSettings server_settings(const Settings& settings, std::size_t descriptors, Counts& counts) {
  transport::http::HttpServerSettings out;
  out.host = settings.listen.host;
  out.port = settings.listen.port;
  out.workers = worker_count();
  out.connections_max = connections_within(descriptors, out.workers, settings.connections_max);
  out.connections_per_address_max = settings.connections_per_address_max;
  if (out.connections_max < settings.connections_max) {
    auth::log_event(auth::LogLevel::warning, "fewer connections",
                    {{"connections_max", std::to_string(out.connections_max)},
                     {"detail", fmt::format("the system gives this process {} descriptors", descriptors)}});
  }
  out.trusted_proxies = settings.trusted_proxies;
  out.forwarded_header = settings.forwarded_header;
  // Judged with the settings.
  if (settings.pages) {
    out.site = transport::pages::parse_site(settings.server, settings.cookie_domain).value();
    out.site->password_login = settings.password_login;
  }
  out.on_unsaid_source = [header = name_of(settings.forwarded_header)](const transport::http::Source& source) {
    tell_of_unsaid_source(source, header);
  };
  out.on_refusal = [&counts](std::string_view source, std::string_view reason) {
    counts.refusals.count(reason);
    tell_of_refusal(source, reason);
  };
  return out;
}

// What a hangup changes, and what it needs for that.
struct Running {
  Settings settings;
  Store& store;
  transport::http::HttpServer& server;
  std::size_t descriptors;
  Counts& counts;
};

// Read as at the start, flags and variables included. With secrets and keys as they are now.
Status reload(Running& running, const ServeOptions& options, const CommandContext& context) {
  Settings settings = TRY(context.settings(overrides_of(options)));
  const std::vector<std::string> kept = keep_until_start(settings, running.settings);
  TRY(running.store.take_over(settings));
  running.settings = std::move(settings);
  auth::log_in(running.settings.log_format);
  TRY(running.server.take_over(server_settings(running.settings, running.descriptors, running.counts)));
  auth::log_event(auth::LogLevel::info, "settings taken over", {});
  if (kept.empty()) return ok();
  auth::log_event(auth::LogLevel::warning, "settings wait for a start",
                  {{"settings", fmt::format("{}", fmt::join(kept, ","))}});
  return ok();
}

void reload_or_go_on(Running& running, const ServeOptions& options, const CommandContext& context) {
  const Status reloaded = [&]() -> Status {
    try {
      return reload(running, options, context);
    } catch (const std::exception& error) {
      return fail(ErrorCode::failed, error.what());
    }
  }();
  if (reloaded) return;
  auth::log_event(auth::LogLevel::alarm, "settings not taken over",
                  {{"code", name_of(reloaded.error().code)}, {"detail", reloaded.error().detail}});
}

// What they tell is for operators, and nothing guards it.
Status judge_metrics_address(const Settings& settings, bool insecure_http) {
  const auto& address = settings.metrics_listen;
  if (!address || address->loopback || address->private_use || insecure_http) return ok();
  return fail(ErrorCode::invalid_settings,
              "metrics_listen: " + address->text() +
                  " is neither a loopback nor a private address, and anybody who reaches it may read the metrics: name "
                  "such an address, or pass --insecure-http if the network is yours");
}

// Null where no metrics are asked for.
Result<std::unique_ptr<transport::metrics::MetricsServer>> serve_metrics(const Settings& settings, const Counts& counts,
                                                                         Store& store,
                                                                         const transport::http::HttpServer& server) {
  if (!settings.metrics_listen) return nullptr;
  transport::http::ListenAddress bound = *settings.metrics_listen;
  transport::metrics::MetricsServerSettings to;
  to.host = bound.host;
  to.port = bound.port;
  to.expose = [&counts, &store, &server] {
    return transport::metrics::expose(
        {counts.operations, counts.refusals, store.readings(), server.connection_counts(), auth::log_lines_dropped()});
  };
  to.on_refusal = tell_of_refusal;
  auto metrics = std::make_unique<transport::metrics::MetricsServer>(std::move(to));
  if (const Status started = metrics->start(); !started) {
    return fail(ErrorCode::failed,
                started.error().detail + "; set another metrics_listen, or stop what listens there, if something does");
  }
  bound.port = metrics->port();
  auth::log_event(auth::LogLevel::info, "metrics served",
                  {{"address", fmt::format("http://{}{}", bound.text(), transport::metrics::kMetricsPath)}});
  return metrics;
}

Status run_serve(const ServeOptions& options, CommandContext& context) {
  Settings settings = TRY(context.settings(overrides_of(options)));
  if (!settings.listen.loopback && !options.insecure_http) {
    return fail(ErrorCode::invalid_settings,
                settings.listen.text() +
                    " is not a loopback address, and this server speaks plain HTTP: put a proxy with TLS before "
                    "it and listen on 127.0.0.1, or pass --insecure-http if the network is yours");
  }
  TRY(judge_metrics_address(settings, options.insecure_http));
  // Before any thread starts: signals are for the loop below alone.
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  auth::log_in(settings.log_format);
  auth::log_to_stderr(auth::LogLevel::info);
  const auth::LogInBackground log;
  const std::size_t descriptors = raise_descriptor_limit();

  const auto store = TRY(Store::open(TRY(context.data_folder()), settings, settings.instance, OpenedFor::work));
  Counts counts;
  transport::metrics::CountedOperations operations(store->operations(), counts.operations);
  transport::http::HttpServer server(operations, server_settings(settings, descriptors, counts));
  TRY(store->maintain());
  if (const Status started = server.start(); !started) {
    return fail(ErrorCode::failed,
                started.error().detail +
                    "; name another HOST:PORT with --listen, or stop what listens there, if something does");
  }
  const auto metrics = TRY(serve_metrics(settings, counts, *store, server));
  transport::http::ListenAddress bound = settings.listen;
  bound.port = server.port();
  auth::log_event(auth::LogLevel::info, "serving",
                  {{"server", settings.server},
                   {"address", "http://" + bound.text()},
                   {"fingerprint", store->fingerprint().upper()},
                   {"openpgp", name_of(settings.openpgp)},
                   {"version", COUNTERSIGN_VERSION}});
  Running running{std::move(settings), *store, server, descriptors, counts};
  tell_supervisor("READY=1");
  maintain_until_stopped(*store, [&] { reload_or_go_on(running, options, context); });
  tell_supervisor("STOPPING=1");
  server.stop();
  auth::log_event(auth::LogLevel::info, "stopped", {});
  return ok();
}

}  // namespace

Command serve_command() {
  return command("serve", "Run the HTTP server", "countersign serve --listen 127.0.0.1:8420", run_serve);
}

}  // namespace countersign::cli::commands
