// Whatever is given back to the heap is wiped first, in every program of ours and in the C++ libraries that it loads:
// the buffers of a text that grew, what a parser or the HTTP library kept of a request that was refused, the words of
// an exception that quote it. Most of them are nowhere in our hands, and each may hold a password or a token. It costs
// a write over memory that the cache holds anyway.
//
// The two forms below are those that all others come to (C++20 [new.delete]); g++ asks for the sized ones beside them.
#include <malloc.h>
#include <string.h>

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTERSIGN_HEAP_OF_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTERSIGN_HEAP_OF_SANITIZER
#endif

#ifndef COUNTERSIGN_HEAP_OF_SANITIZER  // which has an operator new of its own, and wants its own delete

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}
// The heap knows the size better than a library that deletes by a type.
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  operator delete(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  operator delete(memory);
}

#endif
