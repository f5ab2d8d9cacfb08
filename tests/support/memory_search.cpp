#include "tests/support/memory_search.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "storage/base/file_descriptor.hpp"

namespace countersign::test {
namespace {

constexpr std::size_t kChunkBytes = 1u << 20;
constexpr std::size_t kAround = 32;

std::string printable(std::string_view bytes) {
  std::string out(bytes);
  for (char& c : out) c = c >= 0x20 && c < 0x7f ? c : '.';
  return out;
}

void search(std::string_view bytes, std::string_view text, const std::string& mapping,
            std::vector<std::string>& places) {
  for (auto at = bytes.find(text); at != std::string_view::npos; at = bytes.find(text, at + text.size())) {
    const std::size_t from = at - std::min(at, kAround);
    places.push_back(mapping + ": " + printable(bytes.substr(from, text.size() + 2 * kAround)));
  }
}

}  // namespace

std::optional<std::vector<std::string>> places_in_memory(pid_t process, std::string_view text) {
  const std::string folder = "/proc/" + std::to_string(process);
  const FileDescriptor memory(open((folder + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  std::ifstream maps(folder + "/maps");
  if (memory.get() < 0 || !maps) return std::nullopt;
  std::vector<std::string> places;
  std::size_t read_bytes = 0;
  std::string buffer;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, mode) != 3) throw std::runtime_error("maps: " + line);
    if (mode[0] != 'r' || mode[1] != 'w') continue;
    const std::string mapping = line.substr(0, line.find(' ')) + line.substr(std::min(line.size(), std::size_t{72}));
    buffer.clear();
    for (unsigned long at = begin; at < end;) {
      // The end of the last chunk stays: the text may lie across.
      if (buffer.size() > kAround + text.size()) buffer.erase(0, buffer.size() - kAround - text.size());
      const std::size_t kept = buffer.size();
      buffer.resize(kept + std::min<std::size_t>(kChunkBytes, end - at));
      const ssize_t got = pread(memory.get(), buffer.data() + kept, buffer.size() - kept, static_cast<off_t>(at));
      if (got < 0 && (errno == EACCES || errno == EPERM)) return std::nullopt;
      if (got <= 0) break;  // a device, or gone meanwhile
      buffer.resize(kept + static_cast<std::size_t>(got));
      at += static_cast<unsigned long>(got);
      read_bytes += static_cast<std::size_t>(got);
      search(buffer, text, mapping, places);
    }
  }
  if (read_bytes == 0) return std::nullopt;
  return places;
}

}  // namespace countersign::test
