/* SPDX-License-Identifier: LGPL-2.1-or-later */

// For tests built with the thread sanitizer: OpenMP's library starts and joins the threads of a parallel region by
// futexes, which the sanitizer does not see. What comes before a region comes before all that is done in it, and that
// before what comes after it. Within a region nothing is ordered here: races between its threads are found.

#include "support/thread-sanitizer.hpp"

namespace {

struct Region {
  void (*function)(void*);
  void* data;
  // Apart: else what a thread does would seem to come before what one does that is later to begin.
  alignas(8) char begin = 0;
  alignas(8) char end = 0;
};

UNSEEN void run_region(void* pointer) {
  auto* region = static_cast<Region*>(pointer);
  __tsan_acquire(&region->begin);
  region->function(region->data);
  __tsan_release(&region->end);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" UNSEEN void GOMP_parallel(void (*function)(void*), void* data, unsigned threads, unsigned flags) {
  static constinit gvl::test::Next<decltype(GOMP_parallel)> next("GOMP_parallel");
  Region region{function, data};
  __tsan_release(&region.begin);
  next.get()(run_region, &region, threads, flags);
  __tsan_acquire(&region.end);
}
#pragma GCC visibility pop
