#include "auth/openpgp/gnupg/listing.hpp"

#include <charconv>
#include <optional>
#include <vector>

#include "storage/base/text.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

// Their places in a record, from 0.
constexpr std::size_t kValidity = 1;
constexpr std::size_t kBits = 2;
constexpr std::size_t kAlgorithm = 3;
constexpr std::size_t kCreated = 5;
constexpr std::size_t kExpiry = 6;
constexpr std::size_t kText = 9;  // of fpr the fingerprint, of uid the user id
constexpr std::size_t kClass = 10;
constexpr std::size_t kCapabilities = 11;
constexpr std::size_t kCurve = 16;

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// gpg writes control characters, colons and backslashes as in C.
std::string unescaped(std::string_view text) {
  constexpr std::string_view kLetters = "nrfvb0";
  constexpr std::string_view kMeant("\n\r\f\v\b\0", 6);
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at];
      continue;
    }
    const auto letter = kLetters.find(text[at + 1]);
    const auto digits = text[at + 1] == 'x' ? from_hex(text.substr(at + 2, 2)) : std::nullopt;
    if (letter != std::string_view::npos) {
      out += kMeant[letter];
      at += 1;
    } else if (digits && digits->size() == 1) {
      out += static_cast<char>(digits->front());
      at += 3;
    } else {
      out += text[at];
    }
  }
  return out;
}

// RFC 4880 §9.1; what has a curve is named by it.
std::string algorithm_name(const std::vector<std::string_view>& record) {
  const std::string bits(record[kBits]);
  const std::string_view algorithm = record[kAlgorithm];
  if (algorithm == "1" || algorithm == "2" || algorithm == "3") return "rsa" + bits;
  if (algorithm == "16" || algorithm == "20") return "elg" + bits;
  if (algorithm == "17") return "dsa" + bits;
  if (!record[kCurve].empty()) return std::string(record[kCurve]);
  return "algorithm " + std::string(algorithm);
}

// One certificate's records in their order: pub, its signatures, each uid and each sub with theirs.
//
// gpg's opinion of a key or user id ("r", "e") is of the whole: under a revoked primary everything is revoked. What is
// asked here is what the signatures of each part say.
class ListingReader {
 public:
  explicit ListingReader(Instant now) : now_(now) {}

  Status take(std::string_view line) {
    const std::vector<std::string_view> record = split(line, ':');
    const std::string_view type = record[0];
    if (type == "pub" || type == "sub") return take_key(record);
    if (type == "fpr") return take_fingerprint(record);
    if (type == "uid" || type == "uat") return take_user_id(record);
    if (type == "sig" || type == "rev") return take_signature(record);
    return ok();  // tru, rvk, grp and the like say nothing here
  }

  Result<CertificateFacts> finish(const Fingerprint& primary) {
    end_user_id();
    if (keys_.empty() || keys_.front().fingerprint != primary) {
      return fail(ErrorCode::certificate_refused, "gpg did not take the key " + primary.upper());
    }
    for (KeyFacts& key : keys_) {
      if (key.fingerprint == Fingerprint()) return unexpected("a key without a fingerprint");
      key.bound = key.bound && keys_.front().bound;  // who does not vouch for itself binds nobody
      if (key.bound) continue;
      key.can_certify = key.can_sign = key.can_encrypt = false;
    }
    facts_.primary = std::move(keys_.front());
    facts_.subkeys.assign(std::make_move_iterator(keys_.begin() + 1), std::make_move_iterator(keys_.end()));
    return std::move(facts_);
  }

 private:
  static tl::unexpected<Error> unexpected(const std::string& what) {
    return fail(ErrorCode::certificate_refused, "gpg lists " + what);
  }

  Status take_key(const std::vector<std::string_view>& record) {
    if (record.size() <= kCurve) return unexpected("a key in another way than expected");
    end_user_id();
    if ((record[0] == "pub") != keys_.empty()) return unexpected("more or less than one certificate");
    KeyFacts key;
    key.algorithm = algorithm_name(record);
    const auto created = number<std::int64_t>(record[kCreated]);
    if (!created) return unexpected("a key without a date");
    key.created_at = from_unix(*created);
    if (!record[kExpiry].empty()) {
      const auto expires = number<std::int64_t>(record[kExpiry]);
      if (!expires) return unexpected("a key with a date that is none");
      key.expires_at = from_unix(*expires);
    }
    key.bound = false;
    key_is_valid_ = record[kValidity] != "i";
    for (const char capability : record[kCapabilities]) {
      if (capability == 'c') key.can_certify = true;
      if (capability == 's') key.can_sign = true;
      if (capability == 'e') key.can_encrypt = true;
    }
    keys_.push_back(std::move(key));
    return ok();
  }

  Status take_fingerprint(const std::vector<std::string_view>& record) {
    if (keys_.empty() || record.size() <= kText) return unexpected("a fingerprint of nothing");
    const auto parsed = Fingerprint::parse(record[kText]);
    if (!parsed) return unexpected("a fingerprint of another form");
    keys_.back().fingerprint = *parsed;
    return ok();
  }

  Status take_user_id(const std::vector<std::string_view>& record) {
    if (keys_.size() != 1 || record.size() <= kText) return unexpected("a user id where none belongs");
    end_user_id();
    in_user_id_ = true;
    certified_ = false;
    user_id_ = record[0] == "uid" ? unescaped(record[kText]) : std::string();
    is_told_ = record[0] == "uid" && key_is_valid_;
    return ok();
  }

  // Certified and not revoked.
  void end_user_id() {
    if (in_user_id_ && is_told_ && certified_) {
      facts_.user_ids.push_back(std::move(user_id_));
      keys_.front().bound = true;
    }
    in_user_id_ = false;
  }

  Status take_signature(const std::vector<std::string_view>& record) {
    if (keys_.empty() || record.size() <= kClass) return unexpected("a signature of nothing");
    if (record[kValidity] != "!") return ok();
    const std::string_view its_class = record[kClass].substr(0, 2);
    const auto ends = number<std::int64_t>(record[kExpiry]);
    const bool holds = !ends || now_ < from_unix(*ends);
    if (in_user_id_) {
      if (its_class == "30") is_told_ = false;
      if (its_class.starts_with('1') && holds) certified_ = true;
      return ok();
    }
    KeyFacts& key = keys_.back();
    const bool of_primary = keys_.size() == 1;
    if (its_class == (of_primary ? "20" : "28")) key.revoked = true;
    if (its_class == (of_primary ? "1f" : "18") && key_is_valid_ && holds) key.bound = true;
    return ok();
  }

  const Instant now_;
  CertificateFacts facts_;
  std::vector<KeyFacts> keys_;  // the primary first
  bool key_is_valid_ = false;   // gpg's own opinion of the key it listed last
  bool in_user_id_ = false;
  std::string user_id_;
  bool is_told_ = false;
  bool certified_ = false;
};

}  // namespace

Result<CertificateFacts> read_listing(std::string_view listing, const Fingerprint& primary, Instant now) {
  ListingReader reader(now);
  while (!listing.empty()) {
    const auto end = listing.find('\n');
    TRY(reader.take(listing.substr(0, end)));
    if (end == std::string_view::npos) break;
    listing.remove_prefix(end + 1);
  }
  return reader.finish(primary);
}

}  // namespace countersign::auth::openpgp::gnupg
