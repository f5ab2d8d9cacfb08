#include "auth/upkeep/audit_archiving.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <istream>

#include "auth/proving/own_signature.hpp"
#include "auth/records/audit_record.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::upkeep {
namespace {

constexpr std::string_view kArchive = "countersign-audit-archive-v1";
constexpr std::string_view kChains = "countersign-audit-chains-v1";
constexpr std::string_view kSignature = "-----BEGIN PGP SIGNATURE-----";
constexpr std::size_t kTailBytesMax = 256u << 10;

tl::unexpected<Error> malformed(std::string why) {
  return fail(ErrorCode::malformed_message, "the archive: " + std::move(why));
}

tl::unexpected<Error> incomplete() {
  return fail(ErrorCode::file_incomplete, "the archive ends before its end: copy it once more, whole");
}

std::string signed_text(const AuditArchive& archive) {
  std::string text =
      fmt::format("{}\nserver: {}\nserver-key: {}\nstore: {}\nmade: {}\nbefore: {}\n", kChains, archive.server,
                  archive.server_key.upper(), archive.store, format_time(archive.made_at), format_time(archive.before));
  for (const ArchivedChain& chain : archive.chains) {
    text +=
        fmt::format("chain: {} {} {} {} {}\n", chain.writer, chain.first, chain.last, chain.hash_before, chain.hash);
  }
  return text;
}

Result<std::string> value_of(std::string_view line, std::string_view name) {
  const std::string begin = std::string(name) + ": ";
  if (!line.starts_with(begin)) return malformed(std::string(name) + " is missing");
  return std::string(line.substr(begin.size()));
}

Result<ArchivedChain> parse_chain(std::string_view line) {
  const std::string value = TRY(value_of(line, "chain"));
  const auto words = split(value, ' ');
  if (words.size() != 5) return malformed("a chain");
  const auto first = parse_number(words[1]);
  const auto last = parse_number(words[2]);
  if (!first || !last || *first < 1 || *last < *first || !is_lower_hex(words[3], 64) || !is_lower_hex(words[4], 64)) {
    return malformed("a chain");
  }
  return ArchivedChain{std::string(words[0]), *first, *last, std::string(words[3]), std::string(words[4])};
}

// From kChains on. What it says is taken only as it would be written.
Result<AuditArchive> parse_tail(std::string_view text) {
  const auto signature_at = text.find("\n" + std::string(kSignature));
  if (signature_at == std::string_view::npos) return malformed("there is no signature");
  AuditArchive out;
  out.signature = text.substr(signature_at + 1);
  const std::string_view head = text.substr(0, signature_at + 1);
  const auto lines = split_lines(head);
  if (lines.size() < 7) return malformed("its end is too short");
  out.server = TRY(value_of(lines[1], "server"));
  out.server_key = TRY(Fingerprint::parse(TRY(value_of(lines[2], "server-key"))));
  out.store = TRY(value_of(lines[3], "store"));
  const auto made_at = parse_time(TRY(value_of(lines[4], "made")));
  const auto before = parse_time(TRY(value_of(lines[5], "before")));
  if (!made_at || !before) return malformed("a time");
  out.made_at = *made_at;
  out.before = *before;
  for (std::size_t i = 6; i < lines.size(); ++i) out.chains.push_back(TRY(parse_chain(lines[i])));
  if (signed_text(out) != head) return malformed("it is not written as it should be");
  return out;
}

std::string line_of(const std::string& name, ByteView bytes) {
  return name + ' ' + base64url(bytes) + '\n';
}

// Does the record follow the chain's last one? Only a restore leaves a gap in front of its record.
bool follows(const records::AuditRecord& record, const ArchivedChain& chain) {
  const bool joint = record.decision == name_of(records::Decision::store_restored) && record.number > chain.last;
  return record.previous == chain.hash && (record.number == chain.last + 1 || joint);
}

// What the records of an archive say of each chain, whatever its end says.
class ChainsRead {
 public:
  explicit ChainsRead(const secrets::RecordSeal& seal) : seal_(seal) {}

  Status take(std::string_view line) {
    const std::size_t blank = line.find(' ');
    const auto bytes = blank == std::string_view::npos ? std::nullopt : from_base64url(line.substr(blank + 1));
    if (!bytes) return malformed("a record");
    const std::string name(line.substr(0, blank));
    const auto record = TRY(records::open_audit_record(seal_, name, *bytes));
    const bool begins = chains_.empty() || chains_.back().writer != record.writer;
    if (begins) chains_.push_back({record.writer, record.number, record.number - 1, record.previous, record.previous});
    ArchivedChain& chain = chains_.back();
    if (!follows(record, chain)) {
      return fail(ErrorCode::chain_broken, name + " does not follow the record before it");
    }
    chain.last = record.number;
    chain.hash = hex(sha256(*bytes));
    return ok();
  }

  Status judge(const AuditArchive& archive) const {
    const auto same = [](const ArchivedChain& a, const ArchivedChain& b) {
      return a.writer == b.writer && a.first == b.first && a.last == b.last && a.hash_before == b.hash_before &&
             a.hash == b.hash;
    };
    if (std::equal(chains_.begin(), chains_.end(), archive.chains.begin(), archive.chains.end(), same)) return ok();
    return fail(ErrorCode::chain_broken, "the records of the archive are not those that it was signed for");
  }

 private:
  const secrets::RecordSeal& seal_;
  std::vector<ArchivedChain> chains_;
};

}  // namespace

std::int64_t AuditArchive::records() const {
  std::int64_t count = 0;
  for (const ArchivedChain& chain : chains) count += chain.last - chain.first + 1;
  return count;
}

Result<std::optional<ArchivedChain>> AuditArchiving::write_chain(const std::string& writer, Instant before,
                                                                 const records::ByteSink& sink,
                                                                 const Progress& progress) {
  const records::ChainHead start = TRY(context_.audit.start_of(writer));
  const records::ChainHead head = TRY(context_.audit.head_of(writer));
  ArchivedChain chain{writer, start.number + 1, start.number, start.hash, start.hash};
  // Behind its beginning: what a backup left below that is in an archive already.
  TRY(storage::visit_names(context_.medium, records::audit_folder(writer), records::audit_name(writer, start.number),
                           [&](const std::string& name) -> Result<bool> {
                             const auto entry = TRY(storage::find(context_.medium, name));
                             if (!entry) return fail(ErrorCode::conflict, name + " is gone meanwhile");
                             const auto record = TRY(records::open_audit_record(context_.seal, name, entry->bytes));
                             if (record.entry.at >= before || record.number >= head.number) return false;
                             if (!follows(record, chain)) {
                               return fail(ErrorCode::chain_broken,
                                           name + " does not follow; `countersign audit verify` says more");
                             }
                             TRY(sink(as_bytes(line_of(name, entry->bytes))));
                             chain.last = record.number;
                             chain.hash = hex(sha256(entry->bytes));
                             tell_now_and_then(progress, ++done_);
                             return true;
                           }));
  if (chain.last < chain.first) return std::optional<ArchivedChain>();
  return std::optional<ArchivedChain>(std::move(chain));
}

Result<AuditArchive> AuditArchiving::write(Instant before, const records::ByteSink& sink, const Progress& progress) {
  AuditArchive archive;
  archive.server = context_.identity.name();
  archive.server_key = context_.identity.fingerprint();
  archive.store = hex(context_.identity.store());
  archive.made_at = context_.timekeeper.now().wall;
  archive.before = before;
  TRY(sink(as_bytes(std::string(kArchive) + '\n')));
  for (const auto& [writer, head] : TRY(context_.audit.heads())) {
    if (auto chain = TRY(write_chain(writer, before, sink, progress))) archive.chains.push_back(*std::move(chain));
  }
  if (archive.chains.empty()) return fail(ErrorCode::not_found, "no decision is older than " + format_time(before));
  const std::string text = signed_text(archive);
  archive.signature = TRY(context_.engine.sign(text, archive.made_at));
  TRY(sink(as_bytes(text + archive.signature)));
  return archive;
}

Status AuditArchiving::erase_page(const ArchivedChain& chain, std::int64_t& next) {
  const auto names = TRY(context_.medium.list(records::audit_folder(chain.writer), "", page_));
  storage::Batch batch;
  std::optional<records::ChainHead> start;
  for (const std::string& name : names) {
    const auto entry = TRY(storage::find(context_.medium, name));
    if (!entry) return fail(ErrorCode::conflict, name + " is gone meanwhile");
    const auto record = TRY(records::open_audit_record(context_.seal, name, entry->bytes));
    if (record.number > chain.last) break;
    batch.require_version(name, entry->version);
    batch.erase(name);
    // What a backup left below the chain's beginning goes too, and moves it nowhere.
    if (record.number >= chain.first) start = records::ChainHead{record.number, hex(sha256(entry->bytes))};
  }
  if (batch.changes().empty()) {
    return fail(ErrorCode::conflict, "the records of '" + chain.writer + "' are gone meanwhile");
  }
  if (start) {
    TRY(context_.audit.stage_start(batch, chain.writer, *start));
    next = start->number + 1;
  }
  return context_.medium.commit(batch);
}

Status AuditArchiving::erase(const AuditArchive& archive, const Visit& visit, const Progress& progress) {
  std::string what;
  for (const ArchivedChain& chain : archive.chains) {
    for (std::int64_t next = chain.first; next <= chain.last;) {
      const std::int64_t before = next;
      TRY(erase_page(chain, next));
      done_ += next - before;
      if (progress) progress(done_, archive.records());
    }
    what += fmt::format("{}{} {} to {}", what.empty() ? "" : ", ", chain.writer, chain.first, chain.last);
  }
  return context_.audit.commit(
      {}, {records::Decision::audit_archived, context_.timekeeper.now().wall, "", "", "", visit.source, what});
}

Status AuditArchiving::judge_place(const ArchivedChain& chain, const AuditArchive* later) {
  records::ChainHead next = TRY(context_.audit.start_of(chain.writer));
  for (const ArchivedChain& one : later == nullptr ? std::vector<ArchivedChain>() : later->chains) {
    if (one.writer == chain.writer) next = {one.first - 1, one.hash_before};
  }
  // Where nothing of it was taken out of the store yet, the store has the records as well.
  if (chain.last == next.number && chain.hash == next.hash) return ok();
  const auto there = TRY(storage::find(context_.medium, records::audit_name(chain.writer, chain.last)));
  if (there && hex(sha256(there->bytes)) == chain.hash) return ok();
  return fail(ErrorCode::chain_broken,
              fmt::format("the archive ends with {} of '{}', and what follows begins behind {}: give every archive "
                          "since, the oldest first; where none is missing, a record was changed or taken out",
                          chain.last, chain.writer, next.number));
}

Result<AuditArchive> AuditArchiving::verify(std::istream& in, const AuditArchive* later, const Progress& progress) {
  std::string line;
  if (!std::getline(in, line) || line != kArchive) return malformed("it does not begin as one");
  ChainsRead read(context_.seal);
  while (std::getline(in, line) && line != kChains) {
    // The last line of a file that was cut off has no end.
    if (in.eof()) return incomplete();
    TRY(read.take(line));
    tell_now_and_then(progress, ++done_);
  }
  if (line != kChains) return incomplete();
  std::string tail = line + '\n';
  while (std::getline(in, line) && tail.size() < kTailBytesMax) tail += line + '\n';
  AuditArchive archive = TRY(parse_tail(tail));
  TRY(proving::verify_own_signature(
      context_, "the archive", {archive.server, archive.store, archive.server_key, archive.made_at, archive.signature},
      signed_text(archive), context_.timekeeper.now().wall));
  TRY(read.judge(archive));
  for (const ArchivedChain& chain : archive.chains) TRY(judge_place(chain, later));
  return archive;
}

}  // namespace countersign::auth::upkeep
