#include "auth/passwords/argon2id.hpp"

#include <argon2.h>

#include <string>

namespace countersign::auth::passwords {
namespace {

// libargon2's callbacks have no argument of ours; a hash begins and ends on one thread.
thread_local Arena* current = nullptr;

int lend(std::uint8_t** memory, std::size_t size_bytes) {
  if (current == nullptr || current->bytes().size() < size_bytes) return ARGON2_MEMORY_ALLOCATION_ERROR;
  *memory = current->bytes().data();
  return ARGON2_OK;
}

// The library wipes what it was lent before it gives it back (FLAG_clear_internal_memory, on by default).
void take_back(std::uint8_t*, std::size_t) {}

// The library's pointers are not const; without the flags that clear them it writes to none of these.
std::uint8_t* lent(ByteView bytes) {
  return const_cast<std::uint8_t*>(bytes.data());
}

std::uint32_t size_of(ByteView bytes) {
  return static_cast<std::uint32_t>(bytes.size());
}

}  // namespace

Result<Secret> compute_argon2id(const HashRequest& request, Arena& arena) {
  TRY(arena.reserve(std::size_t{request.parameters.memory_kib} * 1024));
  Secret tag(kTagBytes);
  argon2_context context{};
  context.out = tag.writable().data();
  context.outlen = size_of(tag.reveal());
  context.pwd = lent(request.password.reveal());
  context.pwdlen = size_of(request.password.reveal());
  context.salt = lent(request.salt);
  context.saltlen = size_of(request.salt);
  if (!request.pepper.empty()) {
    context.secret = lent(request.pepper.reveal());
    context.secretlen = size_of(request.pepper.reveal());
  }
  context.t_cost = request.parameters.passes;
  context.m_cost = request.parameters.memory_kib;
  context.lanes = request.parameters.lanes;
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  context.allocate_cbk = lend;
  context.free_cbk = take_back;
  context.flags = ARGON2_DEFAULT_FLAGS;
  current = &arena;
  const int status = argon2_ctx(&context, Argon2_id);
  current = nullptr;
  if (status != ARGON2_OK) {
    return fail(ErrorCode::hasher_failed, std::string("libargon2: ") + argon2_error_message(status));
  }
  return tag;
}

}  // namespace countersign::auth::passwords
