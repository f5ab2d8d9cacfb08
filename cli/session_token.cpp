#include "cli/session_token.hpp"

#include "auth/records/session.hpp"
#include "auth/secrets/private_file.hpp"
#include "cli/input.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTokenBytesMax = 1024;

// What no file name should hold is written in hex behind a '%', so that two URLs are never one name.
std::string file_name_of(std::string_view url) {
  std::string name;
  for (const char c : url) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    name += plain ? std::string(1, c) : "%" + hex(as_bytes(std::string_view(&c, 1)));
  }
  return name;
}

Result<Secret> checked(Secret token, const std::string& where) {
  if (auth::records::session_name(token.reveal_text())) return token;
  return fail(ErrorCode::malformed_token, where + " holds no session token");
}

// It is no server's folder that is not safe.
tl::unexpected<Error> refuse_file(const Error& error) {
  return fail(ErrorCode::file_refused, error.detail);
}

}  // namespace

Result<fs::path> saved_token_file(const Environment& environment, const std::string& url) {
  fs::path folder;
  // XDG base directory specification: a relative path in these variables is to be ignored.
  if (const auto data = environment.find("XDG_DATA_HOME"); data && data->front() == '/') {
    folder = *data;
  } else if (const auto home = environment.find("HOME")) {
    folder = fs::path(*home) / ".local" / "share";
  } else {
    return fail(ErrorCode::invalid_settings, "neither XDG_DATA_HOME nor HOME says where sessions are kept");
  }
  return folder / "countersign" / "sessions" / file_name_of(url);
}

Status make_token_folder(const fs::path& file) {
  const fs::path folder = file.parent_path();
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (error) return fail(ErrorCode::storage_unavailable, folder.parent_path().string() + ": " + error.message());
  const Status made = auth::secrets::make_private_folder(folder);
  if (!made && made.error().code == ErrorCode::startup_refused) return refuse_file(made.error());
  return made;
}

Status save_token(const fs::path& file, const Secret& token) {
  TRY(make_token_folder(file));
  return auth::secrets::write_private_file(file, token.reveal());
}

Arguments TokenSource::arguments() {
  return {{"--token-file", &file, "A file with the token, - is stdin; else what login --save kept"}};
}

Result<Secret> TokenSource::read(CommandContext& context, const std::string& url) const {
  if (file.empty()) {
    const fs::path saved = TRY(saved_token_file(context.environment, url));
    auto token = auth::secrets::read_private_file(saved);
    if (token) return checked(*std::move(token), saved.string());
    if (token.error().code == ErrorCode::startup_refused) return refuse_file(token.error());
    if (token.error().code != ErrorCode::not_found) return token;
    return fail(ErrorCode::not_found, "no session at " + url + " is saved; run: countersign login " + url +
                                          " --user NAME --save, or pass --token-file");
  }
  std::string text = TRY(read_input(file, kTokenBytesMax, context.terminal));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  Secret token = Secret::take(text);
  return checked(std::move(token), file == "-" ? "stdin" : file);
}

Status TokenSource::forget(const CommandContext& context, const std::string& url) const {
  if (!file.empty()) return ok();
  return auth::secrets::destroy_private_file(TRY(saved_token_file(context.environment, url)));
}

}  // namespace countersign::cli
