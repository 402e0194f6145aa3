/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Files of records: what is whole is read, what was cut short is not, and what is neither is an error.

#include "archive/record_file.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <random>

#include "archive_test.hpp"
#include "support/temporary.hpp"

using namespace gvl;
using namespace gvl::archive;
using namespace gvl::archive::test;
using gvl::test::read_file;
using gvl::test::TemporaryFolder;
using gvl::test::write_file;

namespace {

struct Content {
  std::uint32_t kind;
  std::string head, body;

  bool operator==(const Content&) const = default;
};

std::vector<Content> read_all(const std::filesystem::path& path) {
  const File file(path, File::Mode::kRead);
  RecordReader reader(file);
  std::vector<Content> all;
  while (const auto record = reader.next()) all.push_back({record->kind, record->head, read_body(file, *record)});
  return all;
}

std::vector<Content> some(std::size_t count) {
  std::vector<Content> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(
        {static_cast<std::uint32_t>(i), std::string(i * 7, 'h'), std::string(i * 31 % 50, static_cast<char>(i))});
  return all;
}

void write(const std::filesystem::path& path, const std::vector<Content>& all) {
  RecordWriter writer(path);
  for (const Content& each : all) writer.append(each.kind, each.head, each.body);
}

bool is_prefix(const std::vector<Content>& part, const std::vector<Content>& all) {
  return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
}

GVL_TEST(what_is_written_is_read) {
  const TemporaryFolder folder;
  write(folder / "a", some(5));
  ck_assert(read_all(folder / "a") == some(5));
  // It goes on where it ended.
  RecordWriter(folder / "a").append(9, "more", "");
  auto expected = some(5);
  expected.push_back({9, "more", ""});
  ck_assert(read_all(folder / "a") == expected);
}

/** A writer may be killed behind any byte. */
GVL_TEST(a_file_cut_at_any_byte_has_its_whole_records) {
  const TemporaryFolder folder;
  const auto all = some(4);
  write(folder / "a", all);
  const std::string whole = read_file(folder / "a");
  std::size_t before = 0;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    write_file(folder / "b", whole.substr(0, length));
    const auto read = read_all(folder / "b");
    ck_assert(is_prefix(read, all));
    // Longer files have no fewer.
    ck_assert_int_ge(read.size(), before);
    before = read.size();
    RecordWriter(folder / "b").append(77, "next", "one");
    auto expected = read;
    expected.push_back({77, "next", "one"});
    ck_assert(read_all(folder / "b") == expected);
  }
  ck_assert_int_eq(before, all.size());
}

/** What a power cut leaves of blocks that were not written. */
GVL_TEST(zeros_at_the_end_are_no_records) {
  const TemporaryFolder folder;
  write(folder / "a", some(3));
  write_file(folder / "b", read_file(folder / "a") + std::string(100000, '\0'));
  ck_assert(read_all(folder / "b") == some(3));
  RecordWriter writer(folder / "b");
  ck_assert_int_eq(writer.size(), read_file(folder / "a").size());
}

/** Neither a reader nor a writer passes over what is damaged: nothing behind it is lost. */
GVL_TEST(a_damaged_byte_is_an_error_or_the_end) {
  const TemporaryFolder folder;
  const auto all = some(4);
  write(folder / "a", all);
  const std::string whole = read_file(folder / "a");
  const std::size_t last = whole.size() - 28 - all.back().head.size() - all.back().body.size();
  std::mt19937 random(1);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 + random() % 255));
    write_file(folder / "b", damaged);
    bool failed = false;
    try {
      ck_assert(is_prefix(read_all(folder / "b"), all));
    } catch (const Error& error) {
      failed = true;
      ck_assert(error.code() == ErrorCode::kMalformed);
      ck_assert(std::string(error.what()).find((folder / "b").string()) == 0);
    }
    ck_assert_msg(failed || at >= last, "byte %zu is damaged, and nobody says so", at);
    try {
      RecordWriter writer(folder / "b");
    } catch (const Error&) {
    }
    if (at < last)
      ck_assert_msg(read_file(folder / "b") == damaged, "byte %zu is damaged, and what follows is cut", at);
  }
}

GVL_TEST(other_files_are_errors) {
  const TemporaryFolder folder;
  write_file(folder / "text", "something else");
  expect_error(ErrorCode::kMalformed, {"text", "no file of an index"}, [&] { read_all(folder / "text"); });
  expect_error(ErrorCode::kMalformed, {"text", "no file of an index"}, [&] { RecordWriter writer(folder / "text"); });
  ck_assert_str_eq(read_file(folder / "text").c_str(), "something else");
  expect_error(ErrorCode::kMalformed, {"no regular file"}, [&] { read_all("/dev/null"); });
  expect_error(ErrorCode::kNotFound, {"nothing"}, [&] { read_all(folder / "nothing"); });
}

/** As on a full disk: no more can be written than a part of the record. */
GVL_TEST(what_cannot_be_written_leaves_the_file_as_it_was) {
  const TemporaryFolder folder;
  RecordWriter writer(folder / "a");
  writer.append(1, "head", "body");
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{writer.size() + 40, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  std::string failure;
  try {
    writer.append(2, "head", std::string(1000, 'b'));
  } catch (const Error& error) {
    failure = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  ck_assert_msg(failure.find((folder / "a").string() + ": cannot be written") == 0, "%s", failure.c_str());
  ck_assert_int_eq(std::filesystem::file_size(folder / "a"), writer.size());
  writer.append(3, "head", "body");
  ck_assert_int_eq(read_all(folder / "a").size(), 2);
  expect_error(ErrorCode::kInvalidArgument, {"too large"},
               [&] { writer.append(1, std::string(kLargestHead + 1, ' '), {}); });
}

/** Heads of random and of changed bytes: nothing, or something whose numbers are within what they may be. */
GVL_TEST(heads_that_mean_ill_say_nothing_impossible) {
  std::mt19937_64 random(7);
  const SegmentContent content = content_of(3);
  const std::string good = to_head(facts_of(3), content);
  for (int i = 0; i < 200000; ++i) {
    Record record;
    record.head = good;
    record.body_bytes = static_cast<std::uint32_t>(content.tokens.size());
    for (int changes = 1 + static_cast<int>(random() % 12); changes > 0; --changes)
      record.head[random() % good.size()] = static_cast<char>(random());
    const auto segment = segment_of(record);
    if (!segment) continue;
    const SegmentFacts& facts = segment->facts;
    ck_assert(Time() <= facts.start && facts.start <= facts.stop && facts.stop - facts.start <= std::chrono::hours(24));
    ck_assert(1 <= facts.hop && facts.hop <= facts.window && facts.window <= 4096);
    ck_assert(unpacked_bytes(segment->type, segment->rows, segment->width) <= kLargestBody);
    ck_assert(segment->token_bytes <= record.body_bytes);
    ck_assert(facts.utc_start.has_value() == facts.utc_stop.has_value());
  }
}

GVL_TEST(heads_say_what_was_written) {
  SegmentFacts facts = facts_of(3);
  facts.place = {1, 2, 3, 4};
  facts.backward = true;
  facts.utc_start = std::chrono::hours(5);
  facts.utc_stop = std::chrono::hours(6);
  Record record;
  record.head = to_head(facts, content_of(3));
  record.body_bytes = 1000;
  const auto segment = segment_of(record);
  ck_assert(segment.has_value());
  const SegmentFacts& read = segment->facts;
  ck_assert(read.place.run == 1 && read.place.order == 2 && read.place.session == 3 && read.place.sequence == 4);
  ck_assert(read.number == 3 && read.window == 4 && read.hop == 2 && read.backward);
  ck_assert(read.start == facts.start && read.stop == facts.stop);
  ck_assert(read.utc_start == facts.utc_start && read.utc_stop == facts.utc_stop);
  ck_assert(segment->rows == kRows && segment->width == kWidth && segment->type == TokenType::kInt16);
  ck_assert_int_eq(segment->token_bytes, content_of(3).tokens.size());
}

}  // namespace
