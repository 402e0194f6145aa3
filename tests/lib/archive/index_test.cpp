/* SPDX-License-Identifier: LGPL-2.1-or-later */

// An index is read as it was written: by days, while it is written, by several streams at once; old days go.

#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "archive/catalogue.hpp"
#include "archive/days.hpp"
#include "archive_test.hpp"
#include "support/temporary.hpp"

using namespace gvl;
using namespace gvl::archive;
using namespace gvl::archive::test;
using gvl::test::TemporaryFolder;
using gvl::test::write_file;

namespace {

constexpr Time kNewYear = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1).time_since_epoch();
constexpr Time kDay = std::chrono::hours(24);

SegmentFacts at_utc(std::uint64_t number, Time utc) {
  SegmentFacts facts = facts_of(number);
  facts.utc_start = utc;
  facts.utc_stop = utc + kLength;
  return facts;
}

std::vector<std::string> days_in(const std::filesystem::path& index) {
  std::vector<std::string> days;
  for (const auto& file : day_files(stream_folder(index, "camera"))) days.push_back(day_of_file(file));
  return days;
}

GVL_TEST(segments_are_read_as_they_were_written) {
  const TemporaryFolder folder;
  IndexWriter writer(folder.path(), run_of_source("Tür 1/\"a\""), {});
  for (std::uint64_t i = 0; i < 6; ++i) writer.add(facts_of(i), content_of(i, kTokenTypes[i % kTokenTypes.size()]));
  SequenceEnd end;
  end.windows = 2;
  writer.add(end);
  // The writer is still there.
  const IndexReader index(folder.path());
  const IndexedStream stream = only_stream(index);
  ck_assert_str_eq(stream.name.c_str(), "Tür 1/\"a\"");
  ck_assert_int_eq(stream.runs.size(), 1);
  ck_assert_str_eq(stream.runs[0].run.fingerprint.c_str(), "abc");
  ck_assert_int_eq(stream.runs[0].entries.size(), 7);
  ck_assert_int_eq(std::get<SequenceEnd>(stream.runs[0].entries.back()).windows, 2);
  const auto segments = segments_of(stream);
  for (std::uint64_t i = 0; i < 6; ++i) {
    ck_assert_int_eq(segments[i].stored.facts.number, i);
    ck_assert_int_eq(segments[i].stored.facts.place.order, i);
    const Tensor tokens = index.tokens(stream, segments[i]);
    ck_assert(std::abs(tokens.as<float>()[0] - static_cast<float>(i)) < 0.2f);
    ck_assert(index.picture(stream, segments[i]) == "picture " + std::to_string(i));
  }
}

GVL_TEST(times_that_cannot_be_counted_are_none) {
  ck_assert(utc_of_text("1970-01-01T00:00:00Z") == Time(0));
  const auto last = utc_of_text("2199-12-31T23:59:59Z");
  ck_assert(last.has_value());
  ck_assert(utc_text(*last) == "2199-12-31T23:59:59.000Z");
  for (const char* text : {"1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "2262-04-12T00:00:00Z",
                           "9999-12-31T23:59:59Z", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z"})
    ck_assert_msg(!utc_of_text(text), "%s", text);
}

GVL_TEST(each_day_has_a_file) {
  const TemporaryFolder folder;
  {
    IndexWriter writer(folder.path(), run_of_source(), {});
    for (std::uint64_t i = 0; i < 6; ++i)
      writer.add(at_utc(i, kNewYear + kDay - 3 * kLength + static_cast<std::int64_t>(i) * kLength), content_of(i));
  }
  ck_assert(days_in(folder.path()) == std::vector<std::string>({"2026-01-01", "2026-01-02"}));
  const IndexReader index(folder.path());
  const IndexedStream stream = only_stream(index);
  ck_assert_int_eq(stream.runs.size(), 1);
  ck_assert_int_eq(segments_of(stream).size(), 6);
  for (std::uint64_t i = 0; i < 6; ++i) ck_assert_int_eq(segments_of(stream)[i].stored.facts.number, i);
  // Of a stretch only the days around it are read.
  const auto later = index.read(index.folders().front(), {kNewYear + 10 * kDay, {}});
  ck_assert(!later);
  const auto earlier = index.read(index.folders().front(), {{}, kNewYear});
  ck_assert_int_eq(segments_of(*earlier).size(), 6);
  auto days = Catalogue(folder.path(), Catalogue::Mode::kRead).days();
  ck_assert_int_eq(days.size(), 2);
  ck_assert_int_eq(days[0].segments, 3);
  ck_assert_int_eq(days[1].bytes,
                   std::filesystem::file_size(day_file(stream_folder(folder.path(), "camera"), "2026-01-02")));
}

GVL_TEST(a_second_run_goes_on_with_the_day) {
  const TemporaryFolder folder;
  for (int run = 0; run < 3; ++run) {
    IndexWriter writer(folder.path(), run_of_source(), {});
    for (std::uint64_t i = 0; i < 2; ++i) writer.add(at_utc(i, kNewYear), content_of(i));
  }
  const IndexReader index(folder.path());
  const IndexedStream stream = only_stream(index);
  ck_assert_int_eq(stream.runs.size(), 3);
  ck_assert_int_eq(segments_of(stream).size(), 6);
  ck_assert_int_eq(Catalogue(folder.path(), Catalogue::Mode::kRead).days().at(0).segments, 6);
}

GVL_TEST(two_writers_of_a_stream_are_an_error) {
  const TemporaryFolder folder;
  IndexWriter first(folder.path(), run_of_source("gate"), {});
  expect_error(ErrorCode::kResource, {folder.path().string(), "another writer", "gate"},
               [&] { IndexWriter second(folder.path(), run_of_source("gate"), {}); });
  IndexWriter other(folder.path(), run_of_source("yard"), {});
}

GVL_TEST(an_index_is_of_one_model) {
  const TemporaryFolder folder;
  { IndexWriter first(folder.path(), run_of_source("gate", "aaaa"), {}); }
  expect_error(ErrorCode::kInvalidArgument, {"index.sqlite", "aaaa", "bbbb", "another model"},
               [&] { IndexWriter second(folder.path(), run_of_source("gate", "bbbb"), {}); });
  IndexWriter third(folder.path(), run_of_source("gate", "aaaa"), {});
}

GVL_TEST(names_of_streams_cannot_lead_elsewhere) {
  const TemporaryFolder folder;
  for (const std::string name : {"..", ".", "/etc/passwd", "a/../../b", std::string("a\0b", 3).c_str()}) {
    const auto stream = stream_folder(folder.path(), name);
    ck_assert(stream.parent_path() == streams_folder(folder.path()));
    ck_assert(stream.filename() != ".." && stream.filename() != ".");
  }
  ck_assert(stream_folder(folder.path(), "a b") != stream_folder(folder.path(), "a%20b"));
  expect_error(ErrorCode::kInvalidArgument, {"needs a name"}, [&] { stream_folder(folder.path(), ""); });
  expect_error(ErrorCode::kInvalidArgument, {"too long"}, [&] { stream_folder(folder.path(), std::string(300, 'x')); });
}

void add_days(IndexWriter& writer, Time first, int days) {
  for (int day = 0; day < days; ++day) {
    const Time utc = first + day * kDay;
    for (std::uint64_t i = 0; i < 4; ++i) writer.add(at_utc(i, utc), content_of(i));
    StoredEvent event;
    event.task = "grounding";
    event.query = "day " + day_of(utc);
    event.utc_start = event.utc_stop = utc;
    writer.add(event);
  }
}

GVL_TEST(days_that_are_too_old_go) {
  const TemporaryFolder folder;
  { add_days(*std::make_unique<IndexWriter>(folder.path(), run_of_source(), Retention{}), utc_now() - 9 * kDay, 9); }
  ck_assert_int_eq(days_in(folder.path()).size(), 9);
  {
    IndexWriter writer(folder.path(), run_of_source(), {.days = 3});
    writer.add(at_utc(0, utc_now()), content_of(0));
  }
  const std::vector<std::string> expected{day_of(utc_now() - 3 * kDay), day_of(utc_now() - 2 * kDay),
                                          day_of(utc_now() - kDay), day_of(utc_now())};
  ck_assert(days_in(folder.path()) == expected);
  // What was said about them is gone, too.
  Catalogue catalogue(folder.path(), Catalogue::Mode::kRead);
  ck_assert_int_eq(catalogue.days().size(), 4);
  ck_assert_int_eq(catalogue.find({}).size(), 3);
  ck_assert_int_eq(catalogue.find({.words = "day " + day_of(utc_now() - 5 * kDay)}).size(), 0);
}

GVL_TEST(the_oldest_days_go_where_all_take_too_much) {
  const TemporaryFolder folder;
  const auto bytes = [&] {
    std::uint64_t sum = 0;
    for (const auto& file : day_files(stream_folder(folder.path(), "camera"))) sum += std::filesystem::file_size(file);
    return sum;
  };
  { add_days(*std::make_unique<IndexWriter>(folder.path(), run_of_source(), Retention{}), kNewYear, 5); }
  const std::uint64_t limit = bytes() - 10;
  {
    IndexWriter writer(folder.path(), run_of_source(), {.bytes = limit});
    add_days(writer, kNewYear + 5 * kDay, 3);
    ck_assert_int_le(bytes(), limit);
  }
  // Never the one that is written.
  IndexWriter writer(folder.path(), run_of_source(), {.bytes = 1});
  add_days(writer, kNewYear + 20 * kDay, 1);
  ck_assert(days_in(folder.path()) == std::vector<std::string>{"2026-01-21"});
  ck_assert_int_eq(segments_of(only_stream(IndexReader(folder.path()))).size(), 4);
}

GVL_TEST(events_are_found_by_words_and_time) {
  const TemporaryFolder folder;
  IndexWriter writer(folder.path(), run_of_source(), {});
  const auto add = [&](const std::string& query, const std::string& text, std::optional<Time> utc) {
    StoredEvent event;
    event.query = query;
    event.text = text;
    event.utc_start = event.utc_stop = utc;
    writer.add(event);
  };
  add("a red car stops", "From 1 to 2", kNewYear);
  add("a blue car stops", "beside the \"red\" door", kNewYear + kDay);
  add("somebody waves", "he's red-haired", {});
  Catalogue catalogue(folder.path(), Catalogue::Mode::kRead);
  ck_assert_int_eq(catalogue.find({}).size(), 3);
  ck_assert_int_eq(catalogue.find({.words = "red car"}).size(), 2);
  ck_assert_int_eq(catalogue.find({.words = "waves"}).size(), 1);
  ck_assert_int_eq(catalogue.find({.words = "car", .from = kNewYear + kDay / 2}).size(), 1);
  ck_assert_int_eq(catalogue.find({.words = "car", .stream = "another"}).size(), 0);
  ck_assert_int_eq(catalogue.find({.words = "red", .most = 1}).size(), 1);
  // Words are no syntax.
  for (const std::string words :
       {"\"", "car OR waves", "a*", "query:car", "NEAR(car red)", "'; DROP TABLE events", "^"})
    catalogue.find({.words = words});
  ck_assert_int_eq(catalogue.find({.words = "car OR waves"}).size(), 0);
  ck_assert_int_eq(catalogue.find({}).size(), 3);
}

/** As the cameras of a site do. */
GVL_TEST(many_writers_begin_an_index_at_once) {
  const TemporaryFolder folder;
  std::vector<pid_t> children;
  for (int child = 0; child < 8; ++child) {
    const pid_t pid = fork();
    if (pid == 0) {
      try {
        IndexWriter writer(folder.path(), run_of_source("camera " + std::to_string(child)), {});
        for (std::uint64_t i = 0; i < 20; ++i) writer.add(facts_of(i), content_of(i));
        _exit(0);
      } catch (const std::exception& failure) {
        fprintf(stderr, "%s\n", failure.what());
        _exit(1);
      }
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
  }
  const IndexReader index(folder.path());
  ck_assert_int_eq(index.folders().size(), 8);
  for (const auto& each : index.folders()) ck_assert_int_eq(segments_of(*index.read(each, {})).size(), 20);
  ck_assert_int_eq(Catalogue(folder.path(), Catalogue::Mode::kRead).days().size(), 8);
}

GVL_TEST(other_databases_are_errors) {
  const TemporaryFolder folder;
  const auto open = [&](Catalogue::Mode mode) { Catalogue catalogue(folder.path(), mode); };
  expect_error(ErrorCode::kResource, {"index.sqlite"}, [&] { open(Catalogue::Mode::kRead); });
  write_file(folder / "index.sqlite",
             "this is no database, but it is long enough to be taken for one: " + std::string(500, 'x'));
  for (const auto mode : {Catalogue::Mode::kRead, Catalogue::Mode::kWrite})
    expect_error(ErrorCode::kMalformed, {"index.sqlite", "not a database"}, [&] { open(mode); });
}

/** It works, or is an error that names it: whatever its bytes are. */
GVL_TEST(damaged_databases_are_errors_or_none) {
  const TemporaryFolder folder;
  {
    IndexWriter writer(folder.path(), run_of_source(), {});
    add_days(writer, kNewYear, 20);
  }
  const auto file = folder / "index.sqlite";
  const std::string whole = gvl::test::read_file(file);
  std::mt19937 random(11);
  int errors = 0;
  for (int i = 0; i < 150; ++i) {
    std::string damaged = whole.substr(0, i % 5 == 0 ? random() % whole.size() : whole.size());
    for (int changes = 1 + static_cast<int>(random() % 60); changes > 0 && !damaged.empty(); --changes)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    write_file(file, damaged);
    try {
      Catalogue catalogue(folder.path(), Catalogue::Mode::kRead);
      catalogue.days();
      catalogue.find({});
      catalogue.find({.words = "day"});
    } catch (const Error& error) {
      ++errors;
      ck_assert_msg(std::string(error.what()).find(file.string()) == 0, "%s", error.what());
    }
  }
  ck_assert_int_gt(errors, 20);
}

GVL_TEST(what_is_no_index_is_an_error) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kNotFound, {folder.path().string(), "no index"}, [&] { IndexReader index(folder.path()); });
}

}  // namespace
