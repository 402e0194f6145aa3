/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

/** What is to be written into a folder, which need not be there yet. */
struct SpaceNeed {
  std::filesystem::path folder;
  std::int64_t bytes = 0;
};

/** Throws gvl::Error(kResource), naming a folder, when its disk has no room for all that is to be written to it. */
void require_space(const std::vector<SpaceNeed>& needs);

/** Makes a folder, if it is not there, and throws gvl::Error(kResource) naming it when nothing can be written into it.
 */
void require_writable(const std::filesystem::path& folder);

/**
 * A lock on a folder, so that two processes never load into it at a time. The folder is made. Throws
 * gvl::Error(kResource) where another process has it.
 */
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};
