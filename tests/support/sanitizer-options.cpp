/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What the sanitizers, where the tests are built with them, are to do. Nothing calls these functions otherwise.
// The sanitizers' libraries look for them by name.

#pragma GCC visibility push(default)
extern "C" {

// GLib is built without frame pointers: only the slow way of unwinding sees who allocated something through it.
const char* __asan_default_options() { return "fast_unwind_on_malloc=0"; }

// GLib gives up its table of quarks, which it made when it was loaded, whenever that has to grow.
const char* __lsan_default_suppressions() { return "leak:_dl_init\n"; }

const char* __lsan_default_options() { return "print_suppressions=0"; }
}
#pragma GCC visibility pop
