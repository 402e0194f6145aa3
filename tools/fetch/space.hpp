/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>

/** Throws gvl::Error(kResource), naming the folder, when its disk has no room for so many bytes more. */
void require_space(const std::filesystem::path& folder, std::int64_t bytes);

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
