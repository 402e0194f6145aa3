/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/query_file.hpp"
#include "evaluation_test.hpp"
#include "support/temporary.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

std::vector<QueriedVideo> read(const char* list) {
  const std::filesystem::path root = g_getenv("GVL_TEST_DATA");
  const gvl::test::TemporaryFolder folder;
  const std::filesystem::path file = folder / "queries.json";
  gvl::test::write_file(file, list);
  const std::string config = "{\"files\": [\"" + file.string() + "\"], \"videos\": \"videos\"}";
  return read_queries(io::JsonValue::parse(config, (root / "config.json").string()));
}

GVL_TEST(queries_are_read_by_video) {
  const std::filesystem::path root = g_getenv("GVL_TEST_DATA");
  const auto videos = read(
      "[{\"video\": \"b.mkv\", \"query\": \"it is dark\", \"kind\": \"dark\", \"start\": 1, \"stop\": 2.5},"
      " {\"video\": \"a.mkv\", \"query\": \"it rains\"}, {\"video\": \"b.mkv\", \"query\": \"it snows\"}]");
  ck_assert_int_eq(videos.size(), 2);
  ck_assert(videos[0].file == root / "videos" / "b.mkv" && videos[0].questions.size() == 2);
  ck_assert(videos[0].questions[0].kind == "dark" && videos[0].questions[0].truths.at(0).stop == 2.5);
  ck_assert(videos[0].questions[1].query.text == "it snows" && videos[0].questions[1].truths.empty());
  expect_error("stop", ErrorCode::kMalformed, {"stop"},
               [&] { read("[{\"video\": \"a\", \"query\": \"q\", \"start\": 3, \"stop\": 2}]"); });
  expect_error("stop", ErrorCode::kMalformed, {"stop"},
               [&] { read("[{\"video\": \"a\", \"query\": \"q\", \"start\": 3}]"); });
  expect_error("video", ErrorCode::kMalformed, {"video"}, [&] { read("[{\"query\": \"q\"}]"); });
  expect_error("knid", ErrorCode::kMalformed, {"knid"},
               [&] { read("[{\"video\": \"a\", \"query\": \"q\", \"knid\": \"dark\"}]"); });
  expect_error("no query", ErrorCode::kMalformed, {"no query"}, [&] { read("[]"); });
}

GVL_TEST(a_query_has_several_times_or_none) {
  const auto videos = read(
      "[{\"video\": \"a\", \"query\": \"q\", \"start\": 1, \"stop\": 2},"
      " {\"video\": \"a\", \"query\": \"q\", \"start\": 5, \"stop\": 8}, {\"video\": \"b\", \"query\": \"q\"}]");
  ck_assert(videos[0].questions.size() == 2 && videos[0].questions[1].truths.at(0).start == 5);
  ck_assert(videos[1].questions[0].truths.empty());
  const char* kTimes = "{\"video\": \"a\", \"query\": \"it rains\", \"start\": 1, \"stop\": 2}";
  const char* kNone = "{\"video\": \"a\", \"query\": \"it rains\"}";
  for (const auto& [first, second] : {std::pair(kTimes, kNone), std::pair(kNone, kTimes)}) {
    const std::string list = std::string("[") + first + ", " + second + "]";
    expect_error("both", ErrorCode::kMalformed, {"queries.json", "[1]", "times of 'it rains'", "never"},
                 [&] { read(list.c_str()); });
  }
}

}  // namespace
