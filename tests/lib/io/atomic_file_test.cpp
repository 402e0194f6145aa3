/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/atomic_file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "io_test.hpp"

using namespace gvl;
using namespace gvl::io::test;
using gvl::io::AtomicFile;

GVL_TEST(a_file_is_there_when_it_is_finished) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.write(as_span("some "));
  file.write(as_span("bytes"));
  ck_assert(!std::filesystem::exists(folder / "a"));
  file.finish();
  ck_assert(read_file(folder / "a") == "some bytes");
  ck_assert_int_eq(files_in(folder.path()).size(), 1);
  ck_assert(!file.is_open());
}

GVL_TEST(what_is_not_finished_changes_nothing) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write(as_span("new"));
    ck_assert_int_eq(files_in(folder.path()).size(), 2);
  }
  ck_assert(read_file(folder / "a") == "old");
  ck_assert_int_eq(files_in(folder.path()).size(), 1);
}

GVL_TEST(a_name_may_be_as_long_as_names_can_be) {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  io::write_atomically(folder / name, "text");
  ck_assert(read_file(folder / name) == "text");
}

GVL_TEST(two_writers_of_one_file_do_not_meet) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a"), second(folder / "a");
  first.write(as_span("first"));
  second.write(as_span("second"));
  second.finish();
  first.finish();
  ck_assert(read_file(folder / "a") == "first");
}

GVL_TEST(a_full_disk_leaves_the_old_file) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{65536, 65536};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  expect_error("full", ErrorCode::kResource, {(folder / "a").string(), "cannot write"},
               [&] { io::write_atomically(folder / "a", std::string(100000, 'x')); });
  ck_assert(read_file(folder / "a") == "old");
  ck_assert_int_eq(files_in(folder.path()).size(), 1);
}

GVL_TEST(a_folder_that_is_missing_or_in_the_way_is_an_error) {
  const TemporaryFolder folder;
  expect_error("none", ErrorCode::kResource, {"none/a", "cannot create"},
               [&] { io::write_atomically(folder / "none/a", "x"); });
  std::filesystem::create_directory(folder / "b");
  expect_error("folder", ErrorCode::kResource, {"b", "cannot rename"},
               [&] { io::write_atomically(folder / "b", "x"); });
  ck_assert_int_eq(files_in(folder.path()).size(), 1);
}

GVL_TEST(a_link_stays_one) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  std::filesystem::create_symlink("a", folder / "link");
  io::write_atomically(folder / "link", "new");
  ck_assert(std::filesystem::is_symlink(folder / "link"));
  ck_assert(read_file(folder / "a") == "new");
}

GVL_TEST(a_pipe_gets_the_text) {
  const TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  ck_assert_int_eq(mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe", folder / "link");
  for (const char* name : {"pipe", "link"}) {
    std::string seen;
    std::thread reader([&] { seen = read_file(pipe); });
    io::write_atomically(folder / name, "some bytes");
    reader.join();
    ck_assert(seen == "some bytes");
  }
  ck_assert(std::filesystem::is_fifo(pipe));
}

// As /dev/stdout is: what it leads to need not have a name.
GVL_TEST(a_descriptor_gets_the_text) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  io::write_atomically("/proc/self/fd/" + std::to_string(ends[1]), "some bytes");
  char seen[11] = {};
  ck_assert_int_eq(read(ends[0], seen, 10), 10);
  ck_assert_str_eq(seen, "some bytes");
  close(ends[0]);
  close(ends[1]);
}
