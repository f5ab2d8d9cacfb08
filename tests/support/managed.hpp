// Managed accounts: whose key the server makes, and a GnuPG of their owner's to use it with.
#pragma once

#include <memory>
#include <string>

#include "tests/support/gnupg_home.hpp"
#include "tests/support/house.hpp"

namespace countersign::test {

inline constexpr std::string_view kManagedName = "mina";

inline auth::records::AccountName mina_by_name() {
  return {std::string(kManagedName), ""};
}
inline std::string mina() {
  return auth::account_id_of(kManagedName);
}

// By an administrator unless another visit is given.
inline auth::keys::ManagedAccount add_mina(House& house, std::string_view password, bool escrow = false,
                                           const auth::Visit& visit = by_hand()) {
  return must(
      house.auth().roles().enrolment.add_managed({std::string(kManagedName), password_of(password), escrow}, visit));
}

inline auth::records::Account account_of(House& house, const std::string& id) {
  return must(house.auth().roles().accounts.show(id)).account;
}
inline std::string escrow_of(House& house, const std::string& id) {
  return text_of(house.medium(), auth::records::part_name(id, auth::records::AccountPart::escrowed_key));
}

// Logs in with the secret key as its owner would: taken into a GnuPG, opened with the password.
inline std::string login_by_key(House& house, const auth::keys::ManagedAccount& made, const std::string& password) {
  GnupgHome home;
  std::string time = format_time(house.clock.now());
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  home.set_time(time + "!");
  home.import(made.secret_key.reveal_text());
  auth::proving::ChallengeRequest request;
  request.name.account = made.account.id;
  const auto issued = must(house.auth().roles().issuing.issue(request, by_http()));
  const ProgramRun opened =
      home.run({"--pinentry-mode", "loopback", "--passphrase", password, "-q", "--decrypt"}, issued.message);
  // That it cannot check the server's signature is no matter here.
  if (opened.output.empty()) return "gpg does not open it";
  const ProgramRun made_by_gpg = home.run({"--pinentry-mode", "loopback", "--passphrase", password, "--armor",
                                           "--local-user", made.account.fingerprint.upper(), "--detach-sign"},
                                          opened.output);
  if (made_by_gpg.exit_code != 0) return "gpg does not sign";
  const std::string challenge = must(auth::records::parse_statement(opened.output)).challenge;
  return outcome(house.auth().roles().login.redeem(
      {challenge, made_by_gpg.output, auth::openpgp::SignatureForm::detached}, by_http()));
}

}  // namespace countersign::test
