/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

// For functions of the test's program that go before a library's own: they tell the thread sanitizer what it does not
// see, as the library is not built with it, and call the library's.

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <atomic>

#define UNSEEN __attribute__((no_sanitize("thread")))

namespace gvl::test {

/** The library's function of a name, looked up once. */
template <typename Function>
class Next {
 public:
  explicit constexpr Next(const char* name) : name_(name) {}

  UNSEEN Function* get() {
    auto* found = found_.load(std::memory_order_relaxed);
    if (!found) found_ = found = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name_));
    return found;
  }

 private:
  const char* name_;
  std::atomic<Function*> found_{nullptr};
};

}  // namespace gvl::test
