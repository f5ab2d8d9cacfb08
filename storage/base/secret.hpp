// Bytes that must not leak: wiped when freed, without a way to print or serialise them, compared in constant time.
//
// The memory comes from OpenSSL's secure heap, which is locked against swapping where the process set one up
// (lock_secret_memory); without one it is ordinary memory, still wiped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "storage/base/bytes.hpp"

namespace countersign {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size_bytes);
  explicit Secret(ByteView bytes);
  // Copies, then wipes what was handed in.
  static Secret take(std::string& text);
  static Secret take(Bytes& bytes);

  Secret(const Secret& other);
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // The only ways in and out; call them at the last moment.
  ByteView reveal() const { return {data_, size_}; }
  std::string_view reveal_text() const { return as_text(reveal()); }
  std::span<std::uint8_t> writable() { return {data_, size_}; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// In constant time for equal sizes.
bool equal_constant_time(ByteView a, ByteView b);
void wipe(std::string& text);
void wipe(Bytes& bytes);
// Once, at the start of a process that holds secrets: a locked heap for them, no core dumps, not traceable by others.
void lock_secret_memory();

}  // namespace countersign
