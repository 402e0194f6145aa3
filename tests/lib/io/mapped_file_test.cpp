/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/mapped_file.hpp"

#include <sys/stat.h>

#include "io_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;

GVL_TEST(maps_a_file) {
  const TemporaryFolder folder;
  write_file(folder / "a.bin", "some bytes");
  const auto file = MappedFile::open(folder / "a.bin", MappedFile::Access::kWillNeed);
  std::filesystem::remove(folder / "a.bin");
  ck_assert_int_eq(file->size(), 10);
  ck_assert(file->text() == "some bytes");
  ck_assert(file->path() == folder / "a.bin");
}

GVL_TEST(advice_is_clamped_to_the_file) {
  const TemporaryFolder folder;
  for (const std::size_t size : {std::size_t{10000}, MappedFile::kMapped}) {
    write_file(folder / "a.bin", std::string(10000, 'x'));
    std::filesystem::resize_file(folder / "a.bin", size);
    const auto file = MappedFile::open(folder / "a.bin");
    for (const auto access : {MappedFile::Access::kNormal, MappedFile::Access::kSequential, MappedFile::Access::kRandom,
                              MappedFile::Access::kWillNeed, MappedFile::Access::kDontNeed}) {
      file->advise(access, 0, SIZE_MAX);
      file->advise(access, 5000, 1);
      file->advise(access, SIZE_MAX, SIZE_MAX);
      ck_assert(file->text().substr(0, 10000) == std::string(10000, 'x'));
    }
  }
}

GVL_TEST(errors_name_the_file) {
  const TemporaryFolder folder;
  write_file(folder / "empty", "");
  write_file(folder / "secret", "x");
  ck_assert_int_eq(mkfifo((folder / "fifo").c_str(), 0600), 0);
  ck_assert_int_eq(chmod((folder / "secret").c_str(), 0), 0);
  const auto open = [&](const std::string& name) { return [path = folder / name] { MappedFile::open(path); }; };
  expect_error("missing", ErrorCode::kNotFound, {"missing", "No such file"}, open("missing"));
  expect_error("folder", ErrorCode::kNotFound, {folder.path().string(), "is a folder"}, open(""));
  expect_error("empty", ErrorCode::kMalformed, {"empty: is empty"}, open("empty"));
  expect_error("fifo", ErrorCode::kNotFound, {"fifo", "not a regular file"}, open("fifo"));
  expect_error("below a file", ErrorCode::kNotFound, {"empty/x"}, open("empty/x"));
  if (geteuid() != 0) {
    expect_error("secret", ErrorCode::kNotFound, {"secret", "Permission denied"}, open("secret"));
  }
}

/** As an editor or a copy does that writes into the file instead of replacing it. */
GVL_TEST(a_small_file_cut_short_stays) {
  const TemporaryFolder folder;
  const std::string content(100000, 'x');
  write_file(folder / "a.bin", content);
  const auto file = MappedFile::open(folder / "a.bin");
  std::filesystem::resize_file(folder / "a.bin", 0);
  ck_assert(file->text() == content);
  std::ofstream(folder / "a.bin") << "other";
  ck_assert(file->text() == content);
}

GVL_TEST(a_large_file_replaced_stays) {
  const TemporaryFolder folder;
  write_file(folder / "a.bin", "begin");
  std::filesystem::resize_file(folder / "a.bin", MappedFile::kMapped);
  const auto file = MappedFile::open(folder / "a.bin", MappedFile::Access::kRandom);
  write_file(folder / "b.bin", "new");
  std::filesystem::rename(folder / "b.bin", folder / "a.bin");
  ck_assert_int_eq(file->size(), MappedFile::kMapped);
  ck_assert(file->text().substr(0, 5) == "begin" && file->text().back() == '\0');
  ck_assert(MappedFile::open(folder / "a.bin")->text() == "new");
  std::filesystem::remove(folder / "a.bin");
  ck_assert(file->text().substr(0, 5) == "begin");
}
