// A GnuPG home whose secret keys live in a token: SoftHSM2 behind gnupg-pkcs11-scd and the real gpg-agent, with a
// pinentry of ours that gives the PIN and counts how often it was asked. The keys are made in the token and cannot
// leave it; the home holds stubs that point to them.
//
// One thread at a time. Folder, agent and smart card daemon end with the object. What cannot fail here throws if it
// does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/gnupg_home.hpp"

namespace countersign::test {

// `typed`: the pinentry asks at the terminal that it is told of, and takes a line that was typed there.
enum class PinAnswer { right, wrong, cancelled, typed };

class TokenHome {
 public:
  TokenHome();
  ~TokenHome();
  TokenHome(const TokenHome&) = delete;
  TokenHome& operator=(const TokenHome&) = delete;

  // The home as commands are given it. Its own gpg calls bypass the pinentry: ask here instead.
  const GnupgHome& gnupg() const { return home_; }
  const std::string& path() const { return home_.path(); }

  // A key pair in the token and its primary key, which certifies and signs: the fingerprint. With a second key pair as
  // a subkey that encrypts, where asked for.
  std::string make_key(const std::string& user_id, bool with_encryption = true);
  std::string certificate(const std::string& key);

  // gpg as a user runs it, with agent and pinentry.
  ProgramRun run(const std::vector<std::string>& arguments, std::string_view input = {}) const;
  std::string must(const std::vector<std::string>& arguments, std::string_view input = {}) const;

  // What the pinentry does from now on, and how often it was asked since the last call of forget_pin.
  void answer_with(PinAnswer answer) const;
  std::size_t asked() const;
  // Ends agent and smart card daemon, and so what they remember.
  void forget_pin() const;

  static const char* pin();
  // The token is not there, also for a daemon that is running; and there again. SoftHSM looks for its tokens once a
  // process, so the daemon is ended when the token comes back, as by one that lost its reader.
  void pull();
  void put_back();
  // From now on the daemon answers as one whose token has blocked the PIN: every use of a key fails, with no prompt.
  // SoftHSM does not count wrong PINs, so this is another daemon with the same keys.
  void block_pin() const;

 private:
  void write_programs() const;
  std::string make_key_pair(const std::string& id, const std::string& label) const;  // its keygrip
  void end_agent() const;
  void end_daemon() const;

  GnupgHome home_;
  int key_pairs_ = 0;
};

}  // namespace countersign::test
