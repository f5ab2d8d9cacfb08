// Moving old decisions out of the store into a file that the server signs. The chain stays verifiable across it: the
// store remembers the hash of the last record that was moved, and the file holds the records that lead there.
//
//   countersign-audit-archive-v1
//   audit/server/00000000000000000001 <the record's bytes, base64url>
//   ...
//   countersign-audit-chains-v1
//   server: https://auth.example.org
//   server-key: <40 upper-case hex digits>
//   store: <64 lower-case hex digits: which store's decisions these are>
//   made: 2026-11-29T20:00:00Z
//   before: 2026-01-01T00:00:00Z
//   chain: <writer> <first number> <last number> <hash of the record before the first> <hash of the last>
//   -----BEGIN PGP SIGNATURE-----
//   ...
//
// UTF-8, one LF a line; records of one writer after the other, in their order. The signature is the server's, detached,
// over the lines from `countersign-audit-chains-v1` on: each record holds the hash of the one before, so the last hash
// of a chain stands for all of it. A record's MAC is the server's too, and its form is auth/records/audit_record.hpp.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/records/backup_file.hpp"
#include "storage/base/progress.hpp"

namespace countersign::auth::upkeep {

struct ArchivedChain {
  std::string writer;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::string hash_before;  // hex SHA-256 of the record before `first`; zeros where there is none
  std::string hash;         // of the record `last`
};

struct AuditArchive {
  std::string server;
  Fingerprint server_key;
  std::string store;
  Instant made_at{};
  Instant before{};
  std::vector<ArchivedChain> chains;
  std::string signature;  // armored

  std::int64_t records() const;
};

// One thread.
class AuditArchiving {
 public:
  // `page`: how many records are taken out in one batch.
  explicit AuditArchiving(const Context& context, std::size_t page = 250) : context_(context), page_(page) {}

  // Writes what is older than `before` into the sink, of each chain from its beginning up to the first record that is
  // not; never the last one of a chain, which the next is chained to. Changes nothing. not_found where nothing is so
  // old; chain_broken where a record does not hold or follow; openpgp_unavailable; as the medium and the sink.
  Result<AuditArchive> write(Instant before, const records::ByteSink& sink, const Progress& progress);
  // Takes what an archive holds out of the store, once the file is safe: page by page, each with where its chain begins
  // then, so that a run that was stopped leaves a whole chain. conflict where another run was faster.
  Status erase(const AuditArchive& archive, const Visit& visit, const Progress& progress);

  // Reads an archive line by line: signed by this server for this store, each record's MAC and place, and whether each
  // chain leads to where the store's begins, or to the first of `later` where that is an archive that was verified
  // before. malformed_message, signature_*, chain_broken, file_refused.
  Result<AuditArchive> verify(std::istream& in, const AuditArchive* later, const Progress& progress);

 private:
  Result<std::optional<ArchivedChain>> write_chain(const std::string& writer, Instant before,
                                                   const records::ByteSink& sink, const Progress& progress);
  Status erase_page(const ArchivedChain& chain, std::int64_t& next);
  Status judge_place(const ArchivedChain& chain, const AuditArchive* later);

  const Context& context_;
  const std::size_t page_;
  std::int64_t done_ = 0;
};

}  // namespace countersign::auth::upkeep
