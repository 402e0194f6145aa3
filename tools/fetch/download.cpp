/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/download.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "common/in-threads.hpp"
#include "common/quantities.hpp"
#include "fetch/checksum.hpp"
#include "gvl/error.hpp"

namespace fs = std::filesystem;

namespace {

/** The server has no parts of files. */
class NoParts : public std::exception {};

}  // namespace

Download::Download(const Repository& repository, fs::path folder, DownloadOptions options, GCancellable* cancellable)
    : repository_(repository), folder_(std::move(folder)), options_(std::move(options)), cancellable_(cancellable) {}

std::int64_t Download::bytes_missing(const std::vector<RemoteFile>& files) const {
  std::int64_t missing = 0;
  for (const RemoteFile& file : files) {
    std::error_code ignored;
    const auto size = fs::file_size(folder_ / file.path, ignored);
    if (!ignored && static_cast<std::int64_t>(size) == file.size) continue;
    missing += std::max<std::int64_t>(file.size - PartialFile::bytes_on_disk(folder_ / file.path), 0);
  }
  return missing;
}

void Download::run(const std::vector<RemoteFile>& files) {
  std::int64_t total = 0;
  for (const RemoteFile& file : files) total += file.size;
  TransferLine line(total);
  for (const RemoteFile& file : files) {
    if (is_there(file, line)) {
      line.say(file.path + ": " + size_text(file.size) + ", was there");
      continue;
    }
    load(file, line);
    line.say(file.path + ": " + size_text(file.size));
  }
}

bool Download::is_there(const RemoteFile& file, TransferLine& line) const {
  std::error_code ignored;
  const fs::path path = folder_ / file.path;
  if (!fs::is_regular_file(path, ignored) || static_cast<std::int64_t>(fs::file_size(path, ignored)) != file.size)
    return false;
  // Until it is known to be wrong, what has been read of it counts as there.
  FileTransfer checked(line);
  line.begin("checking " + file.path);
  if (is_as_listed(path, file, cancellable_, [&](std::int64_t bytes) { checked.add_before(bytes); })) return true;
  checked.restart();
  return false;
}

bool Download::is_right(const RemoteFile& file, const PartialFile& loaded, TransferLine& line) const {
  std::int64_t read = 0;
  line.begin("checking " + file.path);
  const auto show = [&](std::int64_t bytes) {
    read += bytes;
    line.go_on("checking " + file.path + ": " + size_text(read) + " of " + size_text(file.size));
  };
  return is_as_listed(loaded.path(), file, cancellable_, show);
}

void Download::load(const RemoteFile& file, TransferLine& line) {
  FileTransfer transfer(line);
  for (bool is_first : {true, false}) {
    PartialFile to(folder_ / file.path, file.sha256 + file.git_sha1, file.size, options_.part_size);
    line.begin("loading " + file.path);
    transfer.add_before(to.bytes_kept());
    try {
      load_parts(file, to, transfer);
    } catch (const NoParts&) {
      load_whole(file, to, transfer);
    }
    if (is_right(file, to, line)) return to.finish();
    to.discard();
    // What an earlier run left may have been at fault.
    if (!is_first || !to.resumed()) break;
    line.say(file.path + ": what had come of it was not right; it is loaded anew");
    transfer.restart();
  }
  throw gvl::Error(gvl::ErrorCode::kMalformed, repository_.url_of(file) +
                                                   ": what came is not what the repository lists: its checksum is "
                                                   "another. It was removed");
}

void Download::load_parts(const RemoteFile& file, PartialFile& to, FileTransfer& transfer) {
  const std::int64_t parts = (file.size + options_.part_size - 1) / options_.part_size;
  const auto threads = static_cast<int>(std::min<std::int64_t>(options_.connections, parts));
  in_threads(threads, cancellable_, [&](GCancellable* stop) {
    HttpClient client(options_.http, stop);
    while (const auto part = to.take()) load_part(client, stop, file, to, *part, transfer);
  });
}

void Download::load_part(HttpClient& client, GCancellable* stop, const RemoteFile& file, PartialFile& to,
                         const PartialFile::Part& part, FileTransfer& transfer) {
  std::int64_t at = part.start;
  const auto take = [&](std::span<const char> bytes) {
    to.write(at, bytes);
    at += static_cast<std::int64_t>(bytes.size());
    transfer.add(static_cast<std::int64_t>(bytes.size()));
  };
  const auto tell = [&](const std::string& why, double seconds) {
    transfer.say(why + "; again in " + duration_text(seconds));
  };
  with_retries(
      options_.retries, stop, [&] { return at; }, tell,
      [&] {
        while (at < part.stop) {
          if (!client.read_range(repository_.url_of(file), {at, part.stop, file.size}, take)) throw NoParts();
        }
      });
  to.keep(part);
}

void Download::load_whole(const RemoteFile& file, PartialFile& to, FileTransfer& transfer) {
  HttpClient client(options_.http, cancellable_);
  std::int64_t at = 0, most = 0;
  const auto take = [&](std::span<const char> bytes) {
    to.write(at, bytes);
    at += static_cast<std::int64_t>(bytes.size());
    most = std::max(most, at);
    transfer.add(static_cast<std::int64_t>(bytes.size()));
  };
  const auto tell = [&](const std::string& why, double seconds) {
    transfer.say(why + "; again, from the beginning, in " + duration_text(seconds));
  };
  with_retries(
      options_.retries, cancellable_, [&] { return most; }, tell,
      [&] {
        transfer.restart();
        at = 0;
        client.read_whole(repository_.url_of(file), file.size, take);
      });
  to.keep_all();
}
