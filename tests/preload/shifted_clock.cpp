// A wall clock that a test sets while programs run. Preloaded into them (ld.so(8)), it adds the seconds that stand in
// the file named by SHIFTED_CLOCK, eight octets in the machine's order. The monotonic clock is left as it is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

constexpr std::int64_t kNotShifted = 0;

const std::int64_t* map_shift() {
  const char* const file = std::getenv("SHIFTED_CLOCK");
  const int descriptor = file == nullptr ? -1 : open(file, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return &kNotShifted;
  void* const mapped = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, descriptor, 0);
  close(descriptor);
  return mapped == MAP_FAILED ? &kNotShifted : static_cast<const std::int64_t*>(mapped);
}

time_t shift() {
  static const std::int64_t* const mapped = map_shift();
  return __atomic_load_n(mapped, __ATOMIC_ACQUIRE);
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, out);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) out->tv_sec += shift();
  return static_cast<int>(result);
}

extern "C" int gettimeofday(timeval* out, void* zone) noexcept {
  const long result = syscall(SYS_gettimeofday, out, zone);
  if (result == 0) out->tv_sec += shift();
  return static_cast<int>(result);
}

extern "C" time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
