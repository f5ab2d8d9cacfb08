#include "auth/proving/decoys.hpp"

#include <algorithm>
#include <array>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/policy.hpp"
#include "storage/base/hash.hpp"

namespace countersign::auth::proving {
namespace {

constexpr std::string_view kName = "server/decoys";
// What most new keys are, and what a store without accounts shows.
constexpr std::string_view kDefaultAlgorithm = "cv25519";

struct Kind {
  std::string_view algorithm;
  openpgp::KeyKind kind;
};
constexpr std::array<Kind, 7> kKinds = {{{"cv25519", openpgp::KeyKind::ed25519_cv25519},
                                         {"rsa2048", openpgp::KeyKind::rsa2048},
                                         {"rsa3072", openpgp::KeyKind::rsa3072},
                                         {"rsa4096", openpgp::KeyKind::rsa4096},
                                         {"nistp256", openpgp::KeyKind::nistp256},
                                         {"nistp384", openpgp::KeyKind::nistp384},
                                         {"nistp521", openpgp::KeyKind::nistp521}}};

const Kind* find_kind(std::string_view algorithm) {
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.algorithm == algorithm; });
  return found == kKinds.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> share_slots(std::vector<std::string> slots, const std::map<std::string, std::size_t>& mix,
                                     std::size_t count) {
  std::size_t total = 0;
  for (const auto& [algorithm, accounts] : mix) total += accounts;
  // Largest remainder, but every algorithm that somebody uses gets a slot as long as there are slots.
  struct Share {
    std::string algorithm;
    std::size_t slots;
    std::size_t remainder;
  };
  std::vector<Share> shares;
  std::size_t given = 0;
  for (const auto& [algorithm, accounts] : mix) {
    if (accounts == 0) continue;
    const std::size_t whole = accounts * count / total;
    shares.push_back({algorithm, std::max<std::size_t>(whole, 1), whole == 0 ? 0 : accounts * count % total});
    given += shares.back().slots;
  }
  for (; given > count; --given) {
    const auto by_slots = [](const Share& a, const Share& b) { return a.slots < b.slots; };
    --std::max_element(shares.begin(), shares.end(), by_slots)->slots;
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.remainder > b.remainder; });
  for (std::size_t i = 0; given < count && !shares.empty(); ++i, ++given) ++shares[i % shares.size()].slots;

  std::map<std::string, std::size_t> wanted;
  for (const Share& share : shares) wanted[share.algorithm] = share.slots;
  slots.resize(count);
  std::vector<std::size_t> free_slots;
  for (std::size_t i = 0; i < count; ++i) {
    const auto found = wanted.find(slots[i]);
    if (found != wanted.end() && found->second > 0) {
      --found->second;
    } else {
      free_slots.push_back(i);
    }
  }
  for (auto& [algorithm, left] : wanted) {
    for (; left > 0 && !free_slots.empty(); --left) {
      slots[free_slots.back()] = algorithm;
      free_slots.pop_back();
    }
  }
  return slots;
}

Result<std::shared_ptr<const Decoys::Pool>> Decoys::parse(const Json& json, Instant now) const {
  JsonReader reader(json);
  TRY(secrets::check_record_version(reader));
  auto pool = std::make_shared<Pool>();
  const Json slots = reader.take("slots");
  const Json certificates = reader.take("certificates");
  TRY(reader.finish());
  if (slots.items() == nullptr || certificates.members() == nullptr || slots.items()->size() != kSlots) {
    return fail(ErrorCode::malformed_message, "decoys");
  }
  for (const auto& [algorithm, armored] : *certificates.members()) {
    if (armored.string() == nullptr) return fail(ErrorCode::malformed_message, "decoys");
    auto certificate =
        TRY(openpgp::gate::admit_certificate(*armored.string(), openpgp::gate::kCertificateReadBytesMax));
    const auto facts = TRY(engine_.inspect(certificate, now));
    const auto key = TRY(openpgp::choose_encryption_key(facts, now));
    pool->decoys.emplace(algorithm, Decoy{std::move(certificate), key.fingerprint});
  }
  for (const Json& slot : *slots.items()) {
    if (slot.string() == nullptr || pool->decoys.count(*slot.string()) == 0) {
      return fail(ErrorCode::malformed_message, "decoys");
    }
    pool->slots.push_back(*slot.string());
  }
  return std::shared_ptr<const Pool>(std::move(pool));
}

Status Decoys::load(Instant now) {
  const auto entry = TRY(find_record(medium_, seal_, kName));
  if (!entry) return fail(ErrorCode::startup_refused, "the store holds no decoys");
  auto pool = parse(entry->record, now);
  if (!pool) return fail(ErrorCode::startup_refused, "decoys: " + pool.error().detail);
  const std::lock_guard lock(mutex_);
  pool_ = *std::move(pool);
  return ok();
}

Decoy Decoys::choose(std::string_view account_id, std::string_view algorithm) const {
  const auto pool = [&] {
    const std::lock_guard lock(mutex_);
    return pool_;
  }();
  if (const auto found = pool->decoys.find(std::string(algorithm)); found != pool->decoys.end()) return found->second;
  const Digest digest = hmac_sha256(decoy_key_.key, as_bytes(account_id));
  return pool->decoys.at(pool->slots[digest[0] % kSlots]);
}

Status Decoys::rebalance(const std::map<std::string, std::size_t>& accounts_by_algorithm, Instant now) {
  const auto entry = TRY(find_record(medium_, seal_, kName));
  std::map<std::string, std::string> certificates;
  std::vector<std::string> before;
  if (entry) {
    const Json* slots = entry->record.find("slots");
    const Json* kept = entry->record.find("certificates");
    if (slots == nullptr || slots->items() == nullptr || kept == nullptr || kept->members() == nullptr) {
      return fail(ErrorCode::record_unreadable, std::string(kName));
    }
    for (const Json& slot : *slots->items()) before.push_back(slot.string() == nullptr ? "" : *slot.string());
    for (const auto& [algorithm, armored] : *kept->members()) {
      if (armored.string() != nullptr) certificates[algorithm] = *armored.string();
    }
  }
  std::map<std::string, std::size_t> mix;
  for (const auto& [algorithm, accounts] : accounts_by_algorithm) {
    // A kind that we cannot make looks like the default one; its accounts stand out, and docs/threat-model.md says so.
    mix[std::string(find_kind(algorithm) != nullptr ? std::string_view(algorithm) : kDefaultAlgorithm)] += accounts;
  }
  if (std::all_of(mix.begin(), mix.end(), [](const auto& one) { return one.second == 0; })) {
    mix[std::string(kDefaultAlgorithm)] = 1;
  }
  const auto slots = share_slots(before, mix, kSlots);
  const bool complete =
      std::all_of(mix.begin(), mix.end(), [&](const auto& one) { return certificates.count(one.first) > 0; });
  if (entry && slots == before && complete) return load(now);

  Json slot_list = Json::array();
  for (const std::string& algorithm : slots) slot_list.push(algorithm);
  for (const auto& [algorithm, accounts] : mix) {
    if (certificates.count(algorithm) > 0) continue;
    const auto generated = TRY(engine_.generate({find_kind(algorithm)->kind, "decoy", now}));
    certificates[algorithm] = openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", generated.certificate);
  }
  Json certificate_map = Json::object();
  for (const auto& [algorithm, armored] : certificates) certificate_map.set(algorithm, armored);
  storage::Batch batch;
  const std::string name(kName);
  if (entry) {
    batch.require_version(name, entry->version);
  } else {
    batch.require_absent(name);
  }
  batch.put(name, seal_.close(name, Json::object()
                                        .set("version", 1)
                                        .set("slots", std::move(slot_list))
                                        .set("certificates", std::move(certificate_map))));
  const Status committed = medium_.commit(batch);
  // Another server shared them out first: take what it made.
  if (!committed && committed.error().code != ErrorCode::conflict) return committed;
  return load(now);
}

}  // namespace countersign::auth::proving
