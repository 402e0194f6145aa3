/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Files that elements and programs write: none replaces another, and none is there in part.

#include "gvlfile.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "support/temporary.hpp"
#include "support/testing.hpp"

using gvl::gst::rename_to_free;
using gvl::gst::write_new_file;
using gvl::test::read_file;
using gvl::test::TemporaryFolder;
using gvl::test::write_file;

namespace {

std::ptrdiff_t files_in(const TemporaryFolder& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

}  // namespace

GVL_TEST(a_new_file_is_written_whole) {
  const TemporaryFolder folder;
  ck_assert(write_new_file(folder / "a", "some bytes"));
  ck_assert_str_eq(read_file(folder / "a").c_str(), "some bytes");
  ck_assert(write_new_file(folder / std::string(255, 'x'), "a name as long as names can be"));
  ck_assert_int_eq(files_in(folder), 2);
}

GVL_TEST(what_exists_stays) {
  const TemporaryFolder folder;
  write_file(folder / "a", "mine");
  write_file(folder / "b", "other");
  std::filesystem::create_symlink("nowhere", folder / "link");
  for (const char* name : {"a", "link"}) {
    ck_assert(!write_new_file(folder / name, "new"));
    ck_assert_int_eq(errno, EEXIST);
    ck_assert(!rename_to_free(folder / "b", folder / name));
    ck_assert_int_eq(errno, EEXIST);
  }
  ck_assert_str_eq(read_file(folder / "a").c_str(), "mine");
  ck_assert_str_eq(read_file(folder / "b").c_str(), "other");
  ck_assert(!std::filesystem::exists(folder / "nowhere"));
  ck_assert_int_eq(files_in(folder), 3);
  ck_assert(rename_to_free(folder / "b", folder / "c"));
  ck_assert_str_eq(read_file(folder / "c").c_str(), "other");
}

GVL_TEST(a_full_disk_leaves_nothing) {
  const TemporaryFolder folder;
  signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1024, before.rlim_max};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool written = write_new_file(folder / "a", std::string(4096, 'x'));
  const int error = errno;
  setrlimit(RLIMIT_FSIZE, &before);
  ck_assert(!written);
  ck_assert_int_eq(error, EFBIG);
  ck_assert_int_eq(files_in(folder), 0);
  ck_assert(!write_new_file(folder / "none/a", "x"));
  ck_assert_int_eq(errno, ENOENT);
}
