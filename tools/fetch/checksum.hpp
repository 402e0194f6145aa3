/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <filesystem>
#include <functional>

#include "fetch/repository.hpp"

/**
 * Whether a file's content is what the repository lists: its SHA-256, or as a small one the SHA-1 that git gives it.
 * `progress` is told how many more bytes have been read. Throws gvl::Error(kResource) naming a file that cannot be
 * read, Interrupted when `cancellable` is cancelled.
 */
bool is_as_listed(const std::filesystem::path& path, const RemoteFile& file, GCancellable* cancellable,
                  const std::function<void(std::int64_t bytes)>& progress);
