// A folder that stands for a USB stick, and goes away with the test.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace countersign::test {

class CourierStick {
 public:
  CourierStick();
  ~CourierStick();
  CourierStick(const CourierStick&) = delete;
  CourierStick& operator=(const CourierStick&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string text_path() const { return path_.string(); }
  // Beneath the stick; folders on the way are made.
  void put(std::string_view name, std::string_view text) const;
  std::string get(std::string_view name) const;  // fails the test where there is none
  bool has(std::string_view name) const;
  // Every regular file with its text; folders and other things are left out.
  std::map<std::string, std::string> contents() const;

 private:
  std::filesystem::path path_;
};

}  // namespace countersign::test
