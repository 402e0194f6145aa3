/* SPDX-License-Identifier: LGPL-2.1-or-later */

// A writer that is killed at any moment: no segment that was added is lost, and the index is readable and goes on.
// GVL_KILLS says how often; 24 unless it is set.

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <random>

#include "archive/catalogue.hpp"
#include "archive/days.hpp"
#include "archive_test.hpp"
#include "support/temporary.hpp"

using namespace gvl;
using namespace gvl::archive;
using namespace gvl::archive::test;
using gvl::test::TemporaryFolder;

namespace {

/** What a writer tells while it lives, in memory that outlives it. */
struct Told {
  std::atomic<std::uint64_t> segments{0};
  std::atomic<std::uint64_t> events{0};
};

class SharedTold {
 public:
  SharedTold()
      : told_(new (mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Told()) {}
  ~SharedTold() { munmap(told_, sizeof(Told)); }
  SharedTold(const SharedTold&) = delete;
  SharedTold& operator=(const SharedTold&) = delete;

  Told* operator->() const { return told_; }

 private:
  Told* told_;
};

/** Waits until the writer has told of so many segments more, or a while. */
void wait_for(const SharedTold& told, std::uint64_t more) {
  const std::uint64_t wanted = told->segments + more;
  for (int tries = 0; told->segments < wanted && tries < 20000; ++tries) usleep(500);
}

/** Days pass quickly: every few segments is another one's. */
[[noreturn]] void write_for_ever(const std::filesystem::path& folder, const SharedTold& told, std::uint64_t first) {
  try {
    IndexWriter writer(folder, run_of_source(), {});
    for (std::uint64_t i = first;; ++i) {
      SegmentFacts facts = facts_of(i);
      facts.utc_start = std::chrono::hours(i);
      facts.utc_stop = *facts.utc_start + kLength;
      writer.add(facts, content_of(i));
      told->segments = i + 1;
      if (i % 3 != 0) continue;
      StoredEvent event;
      event.query = "event " + std::to_string(i);
      event.utc_start = event.utc_stop = facts.utc_start;
      writer.add(event);
      told->events++;
    }
  } catch (...) {
    _exit(1);
  }
}

std::uint64_t check(const std::filesystem::path& folder, const SharedTold& told) {
  const IndexReader index(folder);
  if (told->segments == 0 && (index.folders().empty() || day_files(index.folders().front()).empty())) return 0;
  const auto stream = index.read(index.folders().front(), {});
  const auto segments = stream ? segments_of(*stream) : std::vector<IndexedSegment>();
  // All that was told of, and at most one more.
  ck_assert_msg(segments.size() >= told->segments && segments.size() <= told->segments + 1, "%zu segments of %llu",
                segments.size(), static_cast<unsigned long long>(told->segments));
  for (std::uint64_t i = 0; i < segments.size(); ++i) {
    ck_assert_int_eq(segments[i].stored.facts.number, i);
    const Tensor read = index.tokens(*stream, segments[i]), written = tokens_of(i);
    for (std::int64_t value = 0; value < kRows * kWidth; ++value)
      ck_assert(std::abs(read.as<float>()[value] - written.as<float>()[value]) < 0.05f);
    ck_assert(index.picture(*stream, segments[i]) == "picture " + std::to_string(i));
  }
  return segments.size();
}

void check_catalogue(const std::filesystem::path& folder, const SharedTold& told) {
  if (told->segments == 0) return;
  Catalogue catalogue(folder, Catalogue::Mode::kRead);
  const auto events = catalogue.find({.most = 1000000}).size();
  ck_assert_msg(events >= told->events && events <= told->events + 1, "%zu events of %llu", events,
                static_cast<unsigned long long>(told->events));
  told->events = events;
  ck_assert_int_eq(catalogue.find({.words = "event 0"}).size(), 1);
}

GVL_TEST(no_segment_is_lost_to_kills) {
  const char* wanted = std::getenv("GVL_KILLS");
  const int kills = wanted ? std::atoi(wanted) : 24;
  const TemporaryFolder folder;
  const SharedTold told;
  std::mt19937 random(std::random_device{}());
  std::uint64_t written = 0;
  for (int i = 0; i < kills; ++i) {
    const pid_t child = fork();
    if (child == 0) write_for_ever(folder.path(), told, written);
    // Some of them soon after they begin, when they read and cut what the one before left.
    if (i % 3 > 0) wait_for(told, 1 + random() % 20);
    usleep(random() % 4000);
    kill(child, SIGKILL);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status), "the writer failed");
    if (!std::filesystem::exists(streams_folder(folder.path()))) continue;
    written = check(folder.path(), told);
    told->segments = written;
    check_catalogue(folder.path(), told);
  }
  ck_assert_int_gt(written, 0);
  fprintf(stderr, "%d kills, %llu segments\n", kills, static_cast<unsigned long long>(written));
}

}  // namespace
