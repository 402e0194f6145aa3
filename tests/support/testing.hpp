/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

// Tests are defined with GVL_TEST(name) { ... }, which also registers them; main() is linked in. Assertions are check's
// (ck_assert, ck_assert_msg, ck_assert_int_eq, ...), and GStreamer's where a test is of GStreamer.

#ifdef GVL_TEST_GSTREAMER
#include <gst/check/gstcheck.h>
#else
#include <check.h>
#endif

// A macro of check's, which would rename every member function called so; ck_abort_msg() is the same.
#undef fail

#include <string>
#include <vector>

namespace gvl::test {

/** What a program adds to its test case: a test, or a fixture (then without a name). */
struct Registered {
  std::string name;
  void (*add)(TCase*);
};

/** In the order in which they are defined. */
inline std::vector<Registered>& registered() {
  static std::vector<Registered> all;
  return all;
}

inline bool add(const char* name, void (*function)(TCase*)) {
  registered().push_back({name, function});
  return true;
}

/** A suite of the program's tests, or of those that its arguments name. */
Suite* make_suite(int argc, char** argv);

}  // namespace gvl::test

#ifdef GVL_TEST_GSTREAMER
#define GVL_TEST_RUNS(name, call)              \
  GST_START_TEST(name) {                       \
    [[maybe_unused]] const int number = __i__; \
    call;                                      \
  }                                            \
  GST_END_TEST
#else
#define GVL_TEST_RUNS(name, call)           \
  START_TEST(name) {                        \
    [[maybe_unused]] const int number = _i; \
    call;                                   \
  }                                         \
  END_TEST
#endif
#define GVL_TEST_IS_REGISTERED(name, count)                 \
  [[maybe_unused]] static const bool name##_is_registered = \
      gvl::test::add(#name, [](TCase* tests) { tcase_add_loop_test(tests, name, 0, count); })

#define GVL_TEST(name)               \
  static void name##_runs();         \
  GVL_TEST_RUNS(name, name##_runs()) \
  GVL_TEST_IS_REGISTERED(name, 1);   \
  static void name##_runs()

/** A test that runs `count` times, each time in a process of its own, with `number` 0, 1, ... count - 1. */
#define GVL_LOOP_TEST(name, count)         \
  static void name##_runs(int number);     \
  GVL_TEST_RUNS(name, name##_runs(number)) \
  GVL_TEST_IS_REGISTERED(name, count);     \
  static void name##_runs(int number)

/** Functions that run once in the program, before the first of its tests and after the last. */
#define GVL_FIXTURE(set_up, tear_down)                  \
  [[maybe_unused]] static const bool set_up##_is_used = \
      gvl::test::add("", [](TCase* tests) { tcase_add_unchecked_fixture(tests, set_up, tear_down); })
