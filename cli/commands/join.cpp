// What an invite is for: know the server by its key, enrol one's own key, and log in.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "auth/base/account_id.hpp"
#include "auth/base/clock.hpp"
#include "auth/client/server_url.hpp"
#include "auth/records/invite_text.hpp"
#include "cli/enrolling.hpp"
#include "cli/input.hpp"
#include "cli/known_servers_file.hpp"
#include "cli/logging_in.hpp"
#include "cli/session_token.hpp"
#include "storage/base/shell.hpp"

namespace countersign::cli::commands {
namespace {

struct JoinOptions {
  std::string invite;  // a file; "-" is stdin
  std::string user;
  std::string key;
  bool insecure_http = false;

  Arguments arguments() {
    return {
        Argument("FILE", &invite, "The invite; - is stdin").required(),
        {"--user", &user, "The username that one wants, where the invite names none"},
        {"--key", &key, "The fingerprint of one's key; else the only one in one's GnuPG"},
        {"--insecure-http", &insecure_http, "Plain HTTP, though others can read the token on the way"},
    };
  }
};

using auth::client::KnownServer;
using auth::client::KnownServers;
using auth::client::ServerExpectation;
using auth::records::InviteText;
using transport::http::HttpClient;

Result<InviteText> read_invite(const std::string& path, Terminal& terminal) {
  std::string text = TRY(read_input(path, auth::records::kInviteTextBytesMax, terminal));
  auto invite = about_input(path, auth::records::parse_invite_text(text));
  wipe(text);
  return invite;
}

std::string login_command_for(const std::string& url, const std::string& user) {
  return fmt::format("countersign login {} --user {} --save", quoted_for_shell(url), quoted_for_shell(user));
}

Result<std::string> user_of(const JoinOptions& options, const InviteText& invite) {
  if (options.user.empty() && invite.username.empty()) {
    return fail(ErrorCode::usage, "the invite names nobody: say with --user which username you want");
  }
  if (!options.user.empty() && !invite.username.empty() && options.user != invite.username) {
    return fail(ErrorCode::invite_for_another, "it is for " + invite.username + ", so --user can be nobody else");
  }
  const std::string& user = options.user.empty() ? invite.username : options.user;
  TRY(auth::check_new_username(user));
  return user;
}

Status check_time(const InviteText& invite, const std::string& url, const std::string& user) {
  if (auth::SystemClock().now() < invite.expires_at) return ok();
  return fail(ErrorCode::invite_expired, fmt::format("it was good until {}; who has joined with it already logs in: {}",
                                                     format_time(invite.expires_at), login_command_for(url, user)));
}

// A key that one goes by is never replaced by what an invite says, and no address either: whoever wrote the invite
// would stand between.
Status know_server(const std::filesystem::path& file, const InviteText& invite, const std::string& url) {
  const KnownServers known = TRY(KnownServers::load(file));
  const bool named_by_url = auth::client::is_same_url(invite.server, url);
  const KnownServer* there = known.find(invite.server);
  if (there != nullptr && there->key == invite.server_key) {
    const std::string& place = there->url.empty() ? there->name : there->url;
    if (auth::client::is_same_url(place, url)) return ok();
    if (auth::client::normal_url(place)) {
      return fail(ErrorCode::server_mismatch,
                  fmt::format("{} is known to answer at {}, and the invite says {}. If it has moved, run first:\n  {}",
                              invite.server, place, url,
                              auth::client::trust_command(invite.server, invite.server_key, named_by_url ? "" : url)));
    }
  }
  if (const auto at = known.find_at(url); at && at->name != invite.server) {
    return fail(ErrorCode::server_mismatch,
                fmt::format("at {} you know {}, and the invite is of {}; forget that one first if it is no more:\n  "
                            "countersign server forget {}",
                            url, at->name, invite.server, quoted_for_shell(at->name)));
  }
  return auth::client::trust_server(file, {invite.server, invite.server_key, named_by_url ? "" : url});
}

// With what an earlier step has left behind, so that whoever reads it knows where they stand.
Error with_done(Error error, const std::string& done) {
  error.detail += "\n  Done already: " + done;
  return error;
}

// The server says no and keeps the reason to itself.
Error with_likely_reasons(Error error) {
  if (error.code == ErrorCode::not_permitted) {
    error.detail += ". The invite has been used or taken back, has ended, or is for another name: ask who sent it";
  }
  return error;
}

struct Joining {
  HttpClient& client;
  ClientSide& side;
  const ServerExpectation& expected;
  Enrolling wanted;
};

// The session, of an account that is made now or was made by this key before.
Result<Json> enrol_and_log_in(Joining& joining, const std::string& known, const std::string& login,
                              Terminal& terminal) {
  const auto log_in = [&] {
    return log_in_at(joining.client, joining.side, joining.expected, joining.wanted.user, terminal);
  };
  const auto enrolled = enrol_at(joining.client, joining.side, joining.expected, joining.wanted, terminal);
  if (enrolled) {
    auto session = log_in();
    if (session) return session;
    return tl::unexpected<Error>(
        with_done(session.error(), known + ", and has the account " + joining.wanted.user + " for you: " + login));
  }
  const ErrorCode code = enrolled.error().code;
  if (code == ErrorCode::not_permitted || code == ErrorCode::conflict) {
    // An earlier run may have come so far.
    if (auto session = log_in()) {
      terminal.say("You have the account already: no invite was needed.");
      return session;
    }
  }
  // What failed on the way may have come through.
  const bool refused_by_server = public_face_of(code) == Face::denied || public_face_of(code) == Face::conflict;
  return tl::unexpected<Error>(
      with_done(with_likely_reasons(enrolled.error()),
                known + (refused_by_server ? ". Nothing else is" : ". Run it again, and it goes on from there")));
}

Status run_join(const JoinOptions& options, CommandContext& context) {
  InviteText invite = TRY(read_invite(options.invite, context.terminal));
  const std::string user = TRY(user_of(options, invite));
  const std::string url = TRY(ServerUrl{invite.url, options.insecure_http}.checked());
  TRY(check_time(invite, url, user));
  const auth::Fingerprint key = TRY(own_key(options.key, context.environment));
  const auto token_file = TRY(saved_token_file(context.environment, url));
  TRY(make_token_folder(token_file));
  TRY(know_server(TRY(known_servers_file(context.environment)), invite, url));
  const std::string known = invite.server + " is known by its key";
  const auto side = TRY(ClientSide::open(context));
  const ServerExpectation expected{side->known(), invite.server, invite.server_key};
  HttpClient client = TRY(HttpClient::open(url));
  Joining joining{client, *side, expected, {user, key, std::move(invite.secret)}};
  Json session = TRY(enrol_and_log_in(joining, known, login_command_for(url, user), context.terminal));
  auto kept = keep_session(token_file, std::move(session));
  if (!kept) {
    return tl::unexpected<Error>(
        with_done(kept.error(), known + ", and has the account " + user + " for you: " + login_command_for(url, user)));
  }
  context.terminal.answer(kept->set("server", invite.server).set("url", url));
  context.terminal.say(
      fmt::format("You are in as {}. Whose session it is: countersign whoami {}", user, quoted_for_shell(url)));
  return ok();
}

}  // namespace

Command join_command() {
  return command("join", "Come in by an invite: know the server, enrol one's own key, and log in",
                 "countersign join invite.txt\n  countersign join - --user bob < invite.txt", run_join);
}

}  // namespace countersign::cli::commands
