// A terminal of its own, with someone typing at it.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

namespace countersign::test {

class Pty {
 public:
  // A bare root has no /dev/pts.
  static bool offered() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (master >= 0) ::close(master);
    if (master < 0) WARN("no pseudo-terminals here (is /dev/pts mounted?): not shown on this machine");
    return master >= 0;
  }
  Pty() : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(master_ >= 0);
    REQUIRE(::grantpt(master_) == 0);
    REQUIRE(::unlockpt(master_) == 0);
    path_ = ::ptsname(master_);
    // Held open, so that what is typed before the question is not thrown away.
    slave_ = ::open(path_.c_str(), O_RDWR | O_NOCTTY);
    REQUIRE(slave_ >= 0);
  }
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;
  ~Pty() {
    ::close(slave_);
    ::close(master_);
  }
  const std::string& path() const { return path_; }
  void type(std::string_view text) const {
    REQUIRE(::write(master_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  // What was shown so far, the echo of what was typed included.
  std::string seen() const {
    std::string all;
    char text[4096];
    REQUIRE(::fcntl(master_, F_SETFL, O_NONBLOCK) == 0);
    for (ssize_t size = 0; (size = ::read(master_, text, sizeof text)) > 0;) {
      all.append(text, static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  int master_;
  int slave_ = -1;
  std::string path_;
};

}  // namespace countersign::test
