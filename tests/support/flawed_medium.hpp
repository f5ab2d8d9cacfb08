// A medium that gives the product a flaw of its predecessor back: what a batch requires is dropped, or what is read is
// old, or that others changed it goes unnoticed. A check that does not notice it checks nothing.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/medium.hpp"

namespace countersign::test {

// By the rows of docs/threat-model.md.
enum class Flaw : std::uint8_t {
  none,
  s03,           // a login by key does not require the account as it was judged
  s15,           // nor does the migration of a legacy hash
  s26,           // a registration does not require that nobody has the name or the key
  s35,           // a login by password does not require the account as it was judged
  s42,           // a refresh does not require the session as it was read
  s45,           // a session is admitted by the account as it was once
  s52,           // a change does not require the account as it was read
  lagging_mark,  // what others commit gives no other mark until a commit of one's own
};
inline constexpr std::array kFlaws = {Flaw::s03, Flaw::s15, Flaw::s26, Flaw::s35, Flaw::s42, Flaw::s45, Flaw::s52};

// Any thread at any time.
class FlawedMedium final : public storage::Medium {
 public:
  FlawedMedium(storage::Medium& inner, Flaw flaw) : inner_(inner), flaw_(flaw) {}
  // Another store from here on.
  void forget();

  Result<storage::Entry> read(std::string_view name) override;
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    return inner_.list(prefix, after, limit);
  }
  Status commit(const storage::Batch& batch) override;
  Result<storage::Mark> mark() override;

 private:
  storage::Medium& inner_;
  const Flaw flaw_;
  std::mutex mutex_;
  std::map<std::string, storage::Entry, std::less<>> first_seen_;
  std::optional<storage::Mark> mark_;
};

}  // namespace countersign::test
