// A throwaway GNUPGHOME: certificates and signatures are made at test time by the stock gpg 2.2 of this machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/time.hpp"

namespace countersign::test {

// What a program did.
struct ProgramRun {
  int exit_code = -1;
  std::string output;
  std::string error;
};

// Runs a program found in PATH with `input` on its standard input; `environment` holds "NAME=value" additions.
ProgramRun run_program(const std::vector<std::string>& arguments, std::string_view input,
                       const std::vector<std::string>& environment = {});

// One thread at a time. The folder and the agent end with the object.
class GnupgHome {
 public:
  GnupgHome();
  ~GnupgHome();
  GnupgHome(const GnupgHome&) = delete;
  GnupgHome& operator=(const GnupgHome&) = delete;

  const std::string& path() const { return path_; }
  // Every later call sees this time, running on from it ("20260101T000000"), or standing still with "!" at its end.
  // Empty for the real one.
  void set_time(std::string faked_system_time) { time_ = std::move(faked_system_time); }

  // gpg with --batch, an empty passphrase and these arguments; never fails by itself.
  ProgramRun run(const std::vector<std::string>& arguments, std::string_view input = {});
  // The same, and the standard output; throws with gpg's words where the exit code is not 0.
  std::string must(const std::vector<std::string>& arguments, std::string_view input = {});

  // The fingerprint (upper case) of a new key: "ed25519", "rsa3072", "nistp256", "brainpoolP256r1", "dsa2048", ... The
  // primary certifies and signs; a subkey that encrypts comes with it ("cv25519" for ed25519, else the same algorithm).
  // `expire` as gpg takes it: "none", "2d", "20270101T000000", "seconds=60".
  std::string make_key(const std::string& algorithm, const std::string& user_id, const std::string& expire = "none");
  // A primary alone; `usage` as gpg takes it: "cert", "sign,cert".
  std::string make_primary(const std::string& algorithm, const std::string& user_id, const std::string& usage,
                           const std::string& expire = "none");
  // The fingerprint of a new subkey; `usage`: "sign", "encr", "auth".
  std::string add_subkey(const std::string& fingerprint, const std::string& algorithm, const std::string& usage,
                         const std::string& expire = "none");
  // Fingerprints of a key and its subkeys, in their order.
  std::vector<std::string> fingerprints(const std::string& key);

  std::string export_public(const std::string& key);  // armored
  std::string export_public_binary(const std::string& key);
  std::string export_secret(const std::string& key);  // armored
  std::string export_secret_binary(const std::string& key);
  void import(std::string_view key);
  // Marks the key as revoked in this home, with the certificate that gpg made when it made the key.
  void revoke(const std::string& fingerprint);

  // `key` with "!" at its end signs with exactly that key or subkey. Extra arguments go first.
  std::string clearsign(const std::string& key, std::string_view text, const std::vector<std::string>& extra = {});
  std::string detach_sign(const std::string& key, std::string_view text, const std::vector<std::string>& extra = {});
  // gpg -d: output is the text, error what gpg said on its status and log channels.
  ProgramRun decrypt(std::string_view message, const std::vector<std::string>& extra = {});

 private:
  std::string path_;
  std::string time_;
};

}  // namespace countersign::test
