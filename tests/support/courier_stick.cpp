#include "tests/support/courier_stick.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace countersign::test {

namespace fs = std::filesystem;

CourierStick::CourierStick() {
  std::string pattern = (fs::temp_directory_path() / "countersign-stick-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) FAIL("cannot make a folder for a stick");
  path_ = pattern;
}

CourierStick::~CourierStick() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void CourierStick::put(std::string_view name, std::string_view text) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out) FAIL("cannot write " + file.string());
}

std::string CourierStick::get(std::string_view name) const {
  std::ifstream in(path_ / name, std::ios::binary);
  if (!in) FAIL("there is no " + std::string(name));
  return {std::istreambuf_iterator<char>(in), {}};
}

bool CourierStick::has(std::string_view name) const {
  return fs::exists(fs::symlink_status(path_ / name));
}

std::map<std::string, std::string> CourierStick::contents() const {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    if (!entry.is_regular_file() || entry.is_symlink()) continue;
    const std::string name = fs::relative(entry.path(), path_).string();
    out[name] = get(name);
  }
  return out;
}

}  // namespace countersign::test
