// Runs a fuzz target without libFuzzer: every file beneath a folder, then a bounded number of seeded mutations of them.
//
//   replay_<target> FOLDER|FILE [SEED]
//
// The same seed gives the same inputs in the same order. An input that ends the process is left in
// <program>.finding, in the working folder; it belongs beside the corpus, as a test, once its bug is fixed.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes);
// Of the sanitizers' runtime, where there is one.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMutations = 20000;
constexpr std::size_t kInputBytesMax = 64u << 10;
// A slow machine or a sanitizer runs fewer of them; what was run is printed.
constexpr std::chrono::milliseconds kMutatingTimeMax{1500};

const Input* running = nullptr;
std::string finding_name;  // composed at the start: a signal handler may not allocate

void keep_finding() {
  if (running == nullptr) return;
  const int file = open(finding_name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  const ssize_t written = write(file, running->data(), running->size());
  constexpr std::string_view kSaid = "the input that ended the process is in ";
  const ssize_t said = write(STDERR_FILENO, kSaid.data(), kSaid.size()) +
                       write(STDERR_FILENO, finding_name.data(), finding_name.size()) + write(STDERR_FILENO, "\n", 1);
  static_cast<void>(written);
  static_cast<void>(said);
  close(file);
}

extern "C" void die_of_signal(int number) {
  keep_finding();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(const Input& input) {
  running = &input;
  // A copy of exactly the size, so that a sanitizer sees a read past its end.
  const Input exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  running = nullptr;
}

std::vector<Input> read_inputs(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_regular_file(path)) {
    files.push_back(path);
  } else if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());  // the order of a folder differs from machine to machine
  std::vector<Input> inputs;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Mutator {
 public:
  Mutator(const std::vector<Input>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  Input next() {
    Input input = corpus_[below(corpus_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  // The distributions of <random> differ between libraries; this does not.
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random_() % limit); }

  std::uint8_t byte() {
    static constexpr std::array<std::uint8_t, 16> kTelling = {0x00, 0x01, 0x7f, 0x80, 0xff, '\n', '\r', ' ',
                                                              '"',  '\\', '-',  ':',  '=',  '/',  '.',  0x1b};
    return below(2) == 0 ? kTelling[below(kTelling.size())] : static_cast<std::uint8_t>(random_());
  }

  void change(Input& input) {
    const std::size_t at = below(input.size() + 1);
    const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t length = below(std::min<std::size_t>(input.size() - at, 32) + 1);
    const auto there = here + static_cast<std::ptrdiff_t>(length);
    switch (below(7)) {
      case 0:  // a bit
        if (at < input.size()) input[at] = static_cast<std::uint8_t>(input[at] ^ (1u << below(8)));
        break;
      case 1:  // a byte
        if (at < input.size()) input[at] = byte();
        break;
      case 2:
        input.insert(here, 1 + below(8), byte());
        break;
      case 3:
        input.erase(here, there);
        break;
      case 4:
        input.erase(here, input.end());
        break;
      case 5: {  // said twice
        const Input again(here, there);
        input.insert(here, again.begin(), again.end());
        break;
      }
      case 6: {  // the end of another
        const Input& other = corpus_[below(corpus_.size())];
        const auto from = other.begin() + static_cast<std::ptrdiff_t>(below(other.size() + 1));
        input.erase(here, input.end());
        input.insert(input.end(), from, other.end());
        break;
      }
      default:
        break;
    }
  }

  const std::vector<Input>& corpus_;
  std::mt19937_64 random_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER|FILE [SEED]\n", argv[0]);
    return 2;
  }
  finding_name = std::filesystem::path(argv[0]).filename().string() + ".finding";
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, die_of_signal);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_finding);

  const std::vector<Input> corpus = read_inputs(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no input to start from\n", argv[1]);
    return 1;
  }
  run({});
  for (const Input& input : corpus) run(input);

  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 0x636f756e74657273;  // "counters"
  Mutator mutator(corpus, seed);
  const auto until = std::chrono::steady_clock::now() + kMutatingTimeMax;
  std::size_t mutations = 0;
  for (; mutations < kMutations && std::chrono::steady_clock::now() < until; ++mutations) run(mutator.next());
  std::printf("%zu files, %zu mutations, seed 0x%llx\n", corpus.size(), mutations,
              static_cast<unsigned long long>(seed));
  return 0;
}
