#include "auth/openpgp/rnp/certificate_cache.hpp"

#include <utility>
#include <vector>

#include "auth/openpgp/rnp/silence.hpp"

namespace countersign::auth::openpgp::rnp {

Result<CertificateCache::Loan> CertificateCache::borrow(const gate::GatedCertificate& certificate, Instant now) {
  const Digest digest = sha256(certificate.packets());
  auto found = find(digest, now);
  if (!found) found = TRY(ParsedCertificate::load(certificate, now));
  return Loan(*this, digest, std::move(found));
}

std::size_t CertificateCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::unique_ptr<ParsedCertificate> CertificateCache::find(const Digest& digest, Instant now) {
  std::unique_ptr<ParsedCertificate> found;
  std::vector<std::unique_ptr<ParsedCertificate>> outdated;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  auto [at, end] = by_digest_.equal_range(digest);
  while (at != end && !found) {
    const auto entry = at->second;
    auto& slot = entry->certificate->holds_at(now) ? found : outdated.emplace_back();
    slot = std::move(entry->certificate);
    entries_.erase(entry);
    at = by_digest_.erase(at);
  }
  return found;
}

void CertificateCache::give_back(const Digest& digest, std::unique_ptr<ParsedCertificate> certificate) {
  std::unique_ptr<ParsedCertificate> oldest;
  const std::lock_guard lock(mutex_);
  entries_.push_front({digest, std::move(certificate)});
  by_digest_.emplace(digest, entries_.begin());
  if (entries_.size() <= entries_max_) return;
  const auto last = std::prev(entries_.end());
  auto [at, end] = by_digest_.equal_range(last->digest);
  while (at != end && at->second != last) ++at;
  if (at != end) by_digest_.erase(at);
  oldest = std::move(last->certificate);
  entries_.erase(last);
}

}  // namespace countersign::auth::openpgp::rnp
