// Parsed certificates that nobody is using, found again by the SHA-256 of their packets. For the engine's own files.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "auth/openpgp/rnp/parsed_certificate.hpp"
#include "storage/base/hash.hpp"

namespace countersign::auth::openpgp::rnp {

// Any thread at any time. What is checked out belongs to one thread; of one certificate as many may be out at once as
// there are threads that want it. What lies here is bounded; the one that lay longest goes first.
class CertificateCache {
 public:
  explicit CertificateCache(std::size_t entries_max) : entries_max_(entries_max) {}

  class Loan {
   public:
    Loan(CertificateCache& cache, Digest digest, std::unique_ptr<ParsedCertificate> certificate)
        : cache_(&cache), digest_(digest), certificate_(std::move(certificate)) {}
    Loan(Loan&&) = default;
    Loan& operator=(Loan&&) = delete;
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() {
      if (certificate_) cache_->give_back(digest_, std::move(certificate_));
    }
    ParsedCertificate* operator->() const { return certificate_.get(); }

   private:
    CertificateCache* cache_;
    Digest digest_;
    std::unique_ptr<ParsedCertificate> certificate_;
  };

  // One that holds at `now`, parsed if none lies here. certificate_refused.
  Result<Loan> borrow(const gate::GatedCertificate& certificate, Instant now);
  std::size_t size() const;

 private:
  struct Entry {
    Digest digest;
    std::unique_ptr<ParsedCertificate> certificate;
  };

  void give_back(const Digest& digest, std::unique_ptr<ParsedCertificate> certificate);
  std::unique_ptr<ParsedCertificate> find(const Digest& digest, Instant now);

  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // newest first
  std::multimap<Digest, std::list<Entry>::iterator> by_digest_;
};

}  // namespace countersign::auth::openpgp::rnp
