/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/download.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "fetch/checksum.hpp"
#include "gvl/error.hpp"

namespace fs = std::filesystem;

namespace {

constexpr double kLongestWait = 60;

/** The server has no parts of files. */
class NoParts : public std::exception {};

/** Waits, or throws Interrupted. */
void wait(GCancellable* cancellable, double seconds) {
  GPollFD descriptor{};
  if (g_cancellable_make_pollfd(cancellable, &descriptor)) {
    g_poll(&descriptor, 1, static_cast<gint>(seconds * 1000));
    g_cancellable_release_fd(cancellable);
  }
  if (g_cancellable_is_cancelled(cancellable)) throw Interrupted();
}

/** Is cancelled when another one is. */
class Follower {
 public:
  explicit Follower(GCancellable* followed) : followed_(followed), own_(g_cancellable_new()) {
    const auto follow = [](GCancellable*, gpointer own) { g_cancellable_cancel(G_CANCELLABLE(own)); };
    handler_ = g_cancellable_connect(followed, G_CALLBACK(+follow), own_, nullptr);
  }
  ~Follower() {
    g_cancellable_disconnect(followed_, handler_);
    g_object_unref(own_);
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  GCancellable* get() const { return own_; }

 private:
  GCancellable* followed_;
  GCancellable* own_;
  gulong handler_;
};

/** Several threads that do the same. When one fails the others are cancelled, and what it threw is thrown. */
void in_threads(int count, GCancellable* cancellable, const std::function<void(GCancellable*)>& work) {
  const Follower stop(cancellable);
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&](const std::function<void()>& part) {
    try {
      part();
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      g_cancellable_cancel(stop.get());
    }
  };
  std::vector<std::thread> threads;
  run([&] {
    for (int i = 0; i < count; ++i) threads.emplace_back(run, [&] { work(stop.get()); });
  });
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void with_retries(const DownloadOptions& options, GCancellable* cancellable,
                  const std::function<std::int64_t()>& progress,
                  const std::function<void(const std::string& why, double seconds)>& tell,
                  const std::function<void()>& work) {
  int failures = 0;
  for (;;) {
    const std::int64_t before = progress();
    try {
      return work();
    } catch (const HttpError& error) {
      failures = progress() > before ? 1 : failures + 1;
      if (!error.passing() || failures > options.retries) throw;
      const double own = options.retry_wait * static_cast<double>(1 << std::min(failures - 1, 16));
      const double seconds = std::max(std::min(own, kLongestWait), static_cast<double>(error.wait().value_or(0)));
      tell(error.what(), seconds);
      wait(cancellable, seconds);
    }
  }
}

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
      options_, stop, [&] { return at; }, tell,
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
      options_, cancellable_, [&] { return most; }, tell,
      [&] {
        transfer.restart();
        at = 0;
        client.read_whole(repository_.url_of(file), file.size, take);
      });
  to.keep_all();
}
