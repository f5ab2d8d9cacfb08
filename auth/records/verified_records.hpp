// What was read, verified and parsed before, for as long as it is what the medium holds.
//
// A session check reads three records of which none has changed since the last one. So each is kept with the medium's
// mark from before it was read. Under the same mark it is served from memory; under another it is read again, and
// opened again only where its bytes are others. Whatever anybody commits, in this process or in another, gives another
// mark, so what was revoked is revoked at the next check.
//
// It is for those who showed a token. Whoever asks about an account without one is answered from the medium, or the
// time of the answer would say which accounts are in use (S28).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <unordered_map>

#include "auth/secrets/record_seal.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::records {

template <class T>
struct Verified {
  T value;
  storage::Version version;
};

// Any thread. Medium and seal outlive it.
class VerifiedRecords {
 public:
  // Keeps about so many bytes, what was used longest ago goes first; 0: nothing is kept.
  VerifiedRecords(storage::Medium& medium, const secrets::RecordSeal& seal, std::size_t bytes_max);

  // The store as it was when the view was taken, or later.
  class View {
   public:
    // Null where the name is absent. As find_record() and `parse` fail.
    template <class T>
    Result<std::shared_ptr<const Verified<T>>> find(const std::string& name, Result<T> (*parse)(const Json&)) const {
      const Open open = [&](const storage::Entry& entry) -> Result<std::shared_ptr<const void>> {
        return std::make_shared<const Verified<T>>(
            Verified<T>{TRY(parse(TRY(of_.seal_.open(name, entry.bytes)))), entry.version});
      };
      return std::static_pointer_cast<const Verified<T>>(TRY(of_.look_up(mark_, name, typeid(T), open)));
    }
    // Is nothing kept by that name? As Medium::read.
    Result<bool> is_absent(const std::string& name) const;

   private:
    friend class VerifiedRecords;
    View(VerifiedRecords& of, storage::Mark mark) : of_(of), mark_(mark) {}
    VerifiedRecords& of_;
    storage::Mark mark_;
  };
  // Nothing where nothing is kept, or the medium gives no mark: then read the medium itself.
  std::optional<View> view();

  struct Counts {
    std::uint64_t served = 0;    // from memory
    std::uint64_t compared = 0;  // read again, and unchanged
    std::uint64_t opened = 0;    // read and verified
    std::size_t records = 0;     // kept now
    std::size_t bytes = 0;       // that they take, about
  };
  Counts counts() const;

 private:
  using Open = std::function<Result<std::shared_ptr<const void>>(const storage::Entry&)>;
  struct Kept {
    storage::Mark mark{};                     // from before it was read
    std::optional<storage::Version> version;  // nothing: the name was absent
    const std::type_info* type = nullptr;
    std::shared_ptr<const void> record;
    std::size_t bytes = 0;
    std::list<std::string>::iterator used;
  };
  Result<std::shared_ptr<const void>> look_up(storage::Mark mark, const std::string& name, const std::type_info& type,
                                              const Open& open);
  void keep(const std::string& name, Kept kept);
  void drop(const std::string& name);

  storage::Medium& medium_;
  const secrets::RecordSeal& seal_;
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Kept> kept_;
  std::list<std::string> used_;  // the last one first
  Counts counts_;
};

}  // namespace countersign::auth::records
