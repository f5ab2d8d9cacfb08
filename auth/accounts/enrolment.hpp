// How a key gets an account: by its holder's own proof, by an administrator, or held on arrival by stick until an
// administrator has compared the fingerprint.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/keys/key_maker.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "auth/proving/proof.hpp"

namespace countersign::auth::accounts {

// A certificate that waits for an administrator: the sealed record `held/<fingerprint>`.
struct HeldEnrolment {
  Fingerprint fingerprint;
  std::string username;  // where a signed `enrol` response came with it, else empty
  std::string certificate;
  Instant held_at{};
  std::vector<std::string> user_ids;  // foreign text
  std::string account;                // of whoever has the key already: then nothing is held
};

enum class EnrolledAs : std::uint8_t {
  added,
  refreshed,  // the account was there with this key, and its certificate says more now
  unchanged,  // the account was there with this key, and knew all of it
};
std::string_view name_of(EnrolledAs how);

struct Enrolled {
  records::Account account;
  std::vector<std::string> left_out;  // as gate::GatedCertificate::left_out()
  EnrolledAs how = EnrolledAs::added;
};

// Of an enrolment that is held: which, and what it is to become.
struct Confirmation {
  Fingerprint fingerprint;
  std::string username;
  bool show_key_id = false;
};

struct NewAccount {
  std::string username;
  std::string public_key;
  bool show_key_id = false;
  std::optional<passwords::Password> password = {};
  records::Profile profile = {};
  // The metadata is made by the server when it has time: of many accounts at once, each costs a signature.
  bool metadata_later = false;
};

// One whose key the server makes.
struct NewManagedAccount {
  std::string username;
  const passwords::Password& password;
  // The server keeps the secret key too, as it was protected. Off where nobody asks for it: whoever then gets the
  // medium, or later the record of it, can try passwords on the key for as long as they like (S16, S50).
  bool escrow = false;
  bool show_key_id = false;
};

inline constexpr std::size_t kHeldMax = 1000;

// Any thread.
class Enrolment {
 public:
  Enrolment(const Context& context, keys::KeyMaker& key_maker)
      : context_(context), proof_(context), key_maker_(key_maker) {}

  // By an `enrol` response with its certificate: proof that the key is held. Consumes the challenge, spends the invite
  // whose secret is shown, and makes the account in one batch; of two who come with one invite exactly one gets in,
  // with its groups. registration_closed and invite_* (by HTTP), challenge_*, signature_*; certificate_refused and the
  // like; account_exists and key_taken are told, to one who proved a key. A password is hashed once the key is proven:
  // hasher_*.
  Result<Enrolled> enrol(const proving::Response& response, const std::string& public_key, const Visit& visit,
                         const std::optional<passwords::Password>& password = std::nullopt,
                         const Secret& invite = Secret());
  // By an administrator, without proof. An account of that name which has this very key takes the certificate anew
  // (keys/refresh.hpp), where nothing but it was handed in. malformed_username, account_reserved, account_exists,
  // key_taken, certificate_*.
  Result<Enrolled> add(const NewAccount& request, const Visit& visit);
  // With a key pair made here, and the password that protects it as the account's own. registration_closed (by HTTP),
  // malformed_username, account_reserved, account_exists; as KeyMaker::make(); hasher_*.
  Result<keys::ManagedAccount> add_managed(const NewManagedAccount& request, const Visit& visit);
  // From a stick: a certificate alone, or with an `enrol` response to prove it. Holding twice is holding once.
  Result<HeldEnrolment> hold(const std::optional<proving::Response>& response, const std::string& public_key,
                             const Visit& visit);
  // enrolment_not_held; conflict where the held response named another user; as add().
  Result<Enrolled> confirm(const Confirmation& confirmed, const Visit& visit);
  // Oldest name first, kHeldMax at most.
  Result<std::vector<HeldEnrolment>> list_held();

 private:
  // Judged with the account as it is read each time; it may still change what the account is to be.
  using Stage = std::function<Status(storage::Batch&, records::Account&)>;
  struct Wanted {
    std::string username;
    bool show_key_id = false;
    std::optional<std::uint64_t> epoch = {};  // the account's, where the challenge says one
    const std::optional<passwords::Password>& password;
    bool managed = false;
    const Secret* escrow = nullptr;  // the secret key, where it is to be kept
    records::Profile profile = {};
    bool metadata_later = false;
  };
  // Is there an account of this name with this key, and is the request for nothing but its certificate?
  Result<bool> is_same_again(const NewAccount& request, const Fingerprint& key);
  // conflict where it is so no longer.
  Result<Enrolled> refresh(const NewAccount& request, const openpgp::Enrollable& checked, const Visit& visit);
  // Makes the account in one batch with whatever `stage` adds to it.
  Result<records::Account> create(const openpgp::Enrollable& checked, const Wanted& wanted, const Moment& moment,
                                  records::AuditEntry entry, const Stage& stage);

  const Context& context_;
  proving::Proof proof_;
  keys::KeyMaker& key_maker_;
};

}  // namespace countersign::auth::accounts
