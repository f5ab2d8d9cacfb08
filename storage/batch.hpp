// Puts, erases and preconditions that succeed or fail together.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "storage/base/bytes.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/result.hpp"

namespace countersign::storage {

inline constexpr std::size_t kValueBytesMax = 1u << 20;

// Opaque: equal exactly if the bytes are those that were read.
class Version {
 public:
  static Version of(ByteView bytes) { return Version(sha256(bytes)); }
  friend bool operator==(const Version&, const Version&) = default;

 private:
  explicit Version(Digest digest) : digest_(digest) {}
  Digest digest_;
};

// One change and one precondition a name at most; a later put or erase of a name replaces the earlier one.
class Batch {
 public:
  struct Absent {
    friend bool operator==(const Absent&, const Absent&) = default;
  };
  using Precondition = std::variant<Absent, Version>;

  void put(std::string name, ByteView bytes);
  void erase(std::string name);
  // Of nothing but a name that is absent at commit.
  void require_absent(std::string name);
  // Of nothing but a name whose value is at that version at commit.
  void require_version(std::string name, Version version);

  // Is committing both at once the same as committing this one and then the other? So it is where this one changes
  // nothing that the other requires, and requires nothing that the other requires otherwise.
  bool can_be_followed_by(const Batch& other) const;
  // Both in one. can_be_followed_by(other).
  void follow_with(const Batch& other);

  // In byte order of the names; an empty optional is an erase.
  const std::map<std::string, std::optional<Bytes>>& changes() const { return changes_; }
  const std::map<std::string, Precondition>& preconditions() const { return preconditions_; }

  // malformed_name or message_too_large; every medium asks before it does anything.
  Status check() const;

 private:
  std::map<std::string, std::optional<Bytes>> changes_;
  std::map<std::string, Precondition> preconditions_;
};

// Is the precondition true of a name at this version, or of an absent one?
bool holds(const Batch::Precondition& precondition, const std::optional<Version>& found);

}  // namespace countersign::storage
