/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/retries.hpp"
#include "fetch/partial-file.hpp"
#include "fetch/repository.hpp"
#include "fetch/transfer-line.hpp"
#include "net/http_client.hpp"

struct DownloadOptions {
  HttpOptions http;
  int connections = 4;   ///< at a time
  RetryOptions retries;  ///< without a byte between them
  std::int64_t part_size = 16 << 20;
};

/** Loads the files of a repository into a folder, each in parts by several connections. */
class Download {
 public:
  Download(const Repository& repository, std::filesystem::path folder, DownloadOptions options,
           GCancellable* cancellable);

  /** How much of the files is not in the folder, as far as their sizes tell. */
  std::int64_t bytes_missing(const std::vector<RemoteFile>& files) const;

  /**
   * Loads what is missing, and checks all. A file is there under its name only when it is what the repository lists.
   * Throws HttpError, gvl::Error naming the file at fault, or Interrupted: the next run goes on from there.
   */
  void run(const std::vector<RemoteFile>& files);

 private:
  void load(const RemoteFile& file, TransferLine& line);
  bool is_there(const RemoteFile& file, TransferLine& line) const;
  void load_parts(const RemoteFile& file, PartialFile& to, FileTransfer& transfer);
  void load_part(HttpClient& client, GCancellable* stop, const RemoteFile& file, PartialFile& to,
                 const PartialFile::Part& part, FileTransfer& transfer);
  void load_whole(const RemoteFile& file, PartialFile& to, FileTransfer& transfer);
  bool is_right(const RemoteFile& file, const PartialFile& loaded, TransferLine& line) const;

  const Repository& repository_;
  std::filesystem::path folder_;
  DownloadOptions options_;
  GCancellable* cancellable_;
};
