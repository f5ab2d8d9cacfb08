// A C library's handle, given back by its own function: std::unique_ptr<thing_t, GiveBack<&thing_free>>.
#pragma once

#include <memory>

namespace countersign {

template <auto release>
struct GiveBack {
  template <class Pointed>
  void operator()(Pointed* handle) const {
    static_cast<void>(release(handle));
  }
};

}  // namespace countersign
