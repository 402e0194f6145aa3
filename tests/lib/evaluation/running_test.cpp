/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <map>
#include <memory>
#include <opencv2/imgcodecs.hpp>

#include "benchmark_test.hpp"
#include "evaluation/running/benchmark_items.hpp"
#include "evaluation/running/benchmark_run.hpp"
#include "evaluation/running/frame_folder.hpp"
#include "evaluation/running/prediction_log.hpp"
#include "evaluation/running/predictions.hpp"
#include "evaluation/running/run_report.hpp"
#include "evaluation/running/video_folder.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

namespace fs = std::filesystem;

fs::path data(const std::string& name) { return fixture("metrics/" + name); }

void put(const fs::path& file) {
  fs::create_directories(file.parent_path());
  write_file(file, "a video");
}

}  // namespace

GVL_TEST(names) { expect_names(kRunBenchmarks); }

GVL_TEST(videos_are_found) {
  TemporaryFolder folder;
  for (const char* file :
       {"a.mp4", "one/b.mkv", "one/two/v_1.5.webm", "one/c.mp4", "two/c.mp4", "two/d.txt", "x.y.avi"})
    put(folder / file);
  const VideoFolder videos(folder.path());
  const auto expect_found = [&](const std::string& name, const std::string& file) {
    expect_text(videos.find(name).string(), (folder / file).string());
  };
  expect_found("a", "a.mp4");
  expect_found("a.mp4", "a.mp4");
  expect_found("a.avi", "a.mp4");  // as it was converted
  expect_found("b", "one/b.mkv");
  expect_found("v_1.5", "one/two/v_1.5.webm");
  expect_found("two/v_1.5.mp4", "one/two/v_1.5.webm");
  expect_found("two/c", "two/c.mp4");
  expect_found("x.y", "x.y.avi");
  for (const auto& [name, why] : std::map<std::string, std::string>{{"c", "may be"},
                                                                    {"d", "no such video"},
                                                                    {"three/c", "no such video"},
                                                                    {"", "leads out"},
                                                                    {"../a", "leads out"},
                                                                    {"one/../../a", "leads out"},
                                                                    {"/etc/passwd", "leads out"}}) {
    expect_error(name, ErrorCode::kNotFound, {why}, [&, which = name] { videos.find(which); });
  }
  expect_error("no folder", ErrorCode::kNotFound, {"a.mp4"}, [&] { VideoFolder(folder / "a.mp4"); });
}

GVL_TEST(folders_of_frames_are_found) {
  TemporaryFolder folder;
  for (const char* file : {"a.mp4", "a/00001.jpg", "tvqa/b_01/00001.jpg", "tvqa/b_01/00002.jpg", "tvqa/c/text.jpg",
                           "tvqa/d.mp4/img_1.png"})
    put(folder / file);
  const VideoFolder videos(folder.path(), VideoForm::kFileOrFrames);
  expect_text(videos.find("a").string(), (folder / "a.mp4").string());  // a file comes first
  expect_text(videos.find("b_01").string(), (folder / "tvqa/b_01").string());
  expect_text(videos.find("d").string(), (folder / "tvqa/d.mp4").string());
  expect_error("no frames", ErrorCode::kNotFound, {"no such video"}, [&] { videos.find("c"); });
  expect_error("out", ErrorCode::kNotFound, {"leads out"}, [&] { videos.find("../b_01"); });
  // Who wants files is given no folders.
  expect_error("files", ErrorCode::kNotFound, {"no such video"}, [&] { VideoFolder(folder.path()).find("b_01"); });
}

GVL_TEST(frames_of_a_folder) {
  const std::map<std::string, std::int64_t> numbers{{"00012.jpg", 12}, {"img_7.png", 7}, {"7.jpeg", 7},
                                                    {"a1b.jpg", -1},   {"7.txt", -1},    {".jpg", -1}};
  for (const auto& [name, number] : numbers) ck_assert_int_eq(frame_number(name).value_or(-1), number);
  TemporaryFolder folder;
  expect_malformed("has no frames", {folder.path().string()}, [&] { FrameFolder(folder.path(), 3); });
  for (int i = 8; i <= 12; ++i)
    cv::imwrite((folder / (std::to_string(i) + ".png")).string(), cv::Mat(4, 6, CV_8UC3, cv::Scalar(i, 2 * i, 3 * i)));
  FrameFolder video(folder.path(), 3);
  ck_assert_int_eq(video.frames(), 5);
  ck_assert_int_eq(video.rate().numerator, 3 * video.rate().denominator);
  for (int i = 0; i < 5; ++i) {  // by number, not by name
    const RgbView frame = video.frame(i);
    ck_assert(frame.width == 6 && frame.height == 4);
    ck_assert_int_eq(frame.data[0], 3 * (8 + i));
    ck_assert_int_eq(frame.data[2], 8 + i);
  }
  write_file(folder / "13.png", "no picture");
  FrameFolder broken(folder.path(), 3);
  expect_malformed("13.png", {"no picture"}, [&] { broken.frame(5); });
  write_file(folder / "0013.jpg", "no picture");
  expect_malformed("frame 13 twice", {"13.png", "0013.jpg"}, [&] { FrameFolder(folder.path(), 3); });
  fs::remove(folder / "0013.jpg");
  fs::remove(folder / "10.png");
  expect_malformed("frame 10 is missing", {folder.path().string()}, [&] { FrameFolder(folder.path(), 3); });
}

GVL_TEST(shares_are_of_whole_videos) {
  std::vector<BenchmarkItem> items;
  for (int i = 0; i < 30; ++i) {
    items.push_back({std::to_string(i), "v" + std::to_string(i * 7 % 10), std::nullopt, {}, {}});
    if (i % 3 == 0) items.back().part = {1, 2};
  }
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}, std::size_t{20}, std::size_t{50}}) {
    std::map<std::string, std::size_t> share_of_item;
    std::map<std::pair<std::string, bool>, std::size_t> share_of_part;
    for (std::size_t number = 1; number <= count; ++number) {
      for (const BenchmarkItem& item : share_of(items, number, count)) {
        ck_assert(share_of_item.emplace(item.id, number).second);
        const auto [place, is_new] = share_of_part.emplace(std::pair(item.video, item.part.has_value()), number);
        ck_assert_uint_eq(place->second, number);
      }
    }
    ck_assert_uint_eq(share_of_item.size(), items.size());
  }
}

GVL_TEST(predictions_are_kept) {
  TemporaryFolder folder;
  const fs::path file = folder / "p.jsonl";
  const std::string settings = "{\"seed\": 1}\n";
  {
    PredictionLog log(file, settings, false);
    log.add("a", R"({"id": "a"})");
    expect_error("twice", ErrorCode::kResource, {"p.jsonl", "another process"},
                 [&] { PredictionLog(file, settings, true); });
  }
  write_file(file, read_file(file) + R"({"id": "b", "wi)");
  {
    PredictionLog log(file, settings, true);
    ck_assert(log.has("a") && !log.has("b"));
    log.add("b", R"({"id": "b", "text": "x"})");
  }
  expect_text(read_file(file), "{\"id\": \"a\"}\n{\"id\": \"b\", \"text\": \"x\"}\n");
  {
    PredictionLog all(folder / "all.jsonl", settings, false);
    all.add("b", R"({"id": "b"})");
    all.add_missing(PredictionLog(file, settings, true));
  }
  expect_text(read_file(folder / "all.jsonl"), "{\"id\": \"b\"}\n{\"id\": \"a\"}\n");
  expect_error("there", ErrorCode::kInvalidArgument, {"p.jsonl", "--resume"},
               [&] { PredictionLog(file, settings, false); });
  expect_error("settings", ErrorCode::kInvalidArgument, {"p.jsonl", "other settings"},
               [&] { PredictionLog(file, "{\"seed\": 2}\n", true); });
  for (const char* line : {"7", "{}", "{", R"({"id": 7})", R"({"id": "a"})"}) {
    write_file(file, std::string("{\"id\": \"a\"}\n") + line + "\n");
    expect_malformed("p.jsonl: line 2", {}, [&] { PredictionLog(file, settings, true); });
  }
}

GVL_TEST(items_of_annotations) {
  const auto charades = read_benchmark_items(RunBenchmark::kCharadesSta, data("charades_sta/charades_sta_test.txt"));
  ck_assert_uint_eq(charades.size(), 60);
  ck_assert(charades[0].queries.at(0).task == Task::kGrounding);
  ck_assert_uint_eq(read_benchmark_items(RunBenchmark::kDenseCaptions, data("dense_captioning/val_1.json")).size(), 35);
  ck_assert_uint_eq(read_benchmark_items(RunBenchmark::kQvHighlights, data("qvhighlights/gt.jsonl")).size(), 49);
  const auto mvbench = read_benchmark_items(RunBenchmark::kMvbench, data("mvbench"));
  const JsonValue first = JsonValue::load(data("mvbench/action_sequence.json")).at(0);
  for (const BenchmarkItem& item : mvbench)
    ck_assert(item.frames_per_second == (item.id.starts_with("episodic_reasoning#") ? 3 : 0));
  expect_text(mvbench[0].id + " " + mvbench[0].video, "action_sequence#0 " + first.string("video"));
  ck_assert(mvbench[0].part && mvbench[0].part->start == first.number("start"));
  const auto candidates = first.array("candidates").elements();
  expect_text(mvbench[0].queries.at(0).text, "Question: " + first.string("question") + "\nOptions:\n(A) " +
                                                 candidates[0].as_string() + "\n(B) " + candidates[1].as_string() +
                                                 "\n(C) " + candidates[2].as_string() + "\n(D) " +
                                                 candidates[3].as_string());
  const auto nextgqa = read_benchmark_items(RunBenchmark::kNextGqa, data("nextgqa"));
  ck_assert_uint_eq(nextgqa[0].queries.size(), 2);
  ck_assert_uint_eq(nextgqa[0].options.size(), 5);
  const auto videomme = read_benchmark_items(RunBenchmark::kVideoMme, data("videomme/output_template_filled.json"));
  expect_text(videomme[0].id + videomme[0].options.at(0), "001-1A red kite.");
}

namespace {

/** An annotation of one item with this video's name and query, as each benchmark writes it. */
fs::path annotation_of(RunBenchmark benchmark, const fs::path& folder, const std::string& video,
                       const std::string& query) {
  const std::string quoted = "\"" + query + "\"";
  if (benchmark == RunBenchmark::kCharadesSta) {
    write_file(folder / "a.txt", "first 1 2##a kite\n" + video + " 1 2##" + query + "\n");
    return folder / "a.txt";
  }
  if (benchmark == RunBenchmark::kNextGqa) {
    write_file(folder / "gsub_test.json", R"({"7": {"duration": 9, "location": {"0": [[3, 6]]}, "fps": 5}})");
    write_file(folder / "test.csv",
               "video_id,question,answer,qid,type,a0,a1\n7," + query + ",x,0,CW,x," + video + "\n");
    return folder;
  }
  if (benchmark == RunBenchmark::kMvbench) {
    write_file(folder / "action_sequence.json",
               R"([{"video": "v", "candidates": ["x", "y"], "answer": "x", "question": )" + quoted + "}]");
    return folder;
  }
  write_file(folder / "a.json", R"([{"videoID": "v", "video_id": "1", "questions": [{"question_id": "1-1", "options": )"
                                R"(["A. x", "B. y"], "question": )" +
                                    quoted + "}]}]");
  return folder / "a.json";
}

}  // namespace

GVL_TEST(what_cannot_be_asked_is_named) {
  const std::pair<RunBenchmark, std::vector<std::string>> records[] = {
      {RunBenchmark::kCharadesSta, {"a.txt", "'w#0'"}},
      {RunBenchmark::kNextGqa, {"test.csv", "'7_0'"}},
      {RunBenchmark::kMvbench, {"action_sequence.json", "'action_sequence#0'"}},
      {RunBenchmark::kVideoMme, {"a.json", "'1-1'"}}};
  for (const auto& [benchmark, record] : records) {
    const TemporaryFolder folder;
    const auto read = [&, benchmark = benchmark](const std::string& video, const std::string& query) {
      return read_benchmark_items(benchmark, annotation_of(benchmark, folder.path(), video, query));
    };
    ck_assert(!read("w", "a kite").empty());
    auto parts = record;
    parts.push_back("no quer");
    if (benchmark == RunBenchmark::kNextGqa) parts.back() = "is empty";
    expect_error("blank", ErrorCode::kMalformed, parts, [&] { read("w", " "); });
  }
  const TemporaryFolder folder;
  for (const auto benchmark : {RunBenchmark::kCharadesSta, RunBenchmark::kNextGqa}) {
    const std::string file = benchmark == RunBenchmark::kNextGqa ? "test.csv" : "a.txt";
    const auto read = [&](const std::string& video, const std::string& query) {
      read_benchmark_items(benchmark, annotation_of(benchmark, folder.path(), video, query));
    };
    expect_error("query", ErrorCode::kMalformed, {file, "its query is not UTF-8", "\\xe9"},
                 [&] { read("w", "caf\xe9"); });
    expect_error("name", ErrorCode::kMalformed, {file, "is not UTF-8", "\\xe9"}, [&] { read("caf\xe9", "a kite"); });
  }
}

GVL_TEST(what_cannot_be_scored_is_named_before) {
  const TemporaryFolder folder;
  const auto rehearse = [&](RunBenchmark benchmark, const fs::path& annotations) {
    rehearse_scoring(benchmark, annotations, read_benchmark_items(benchmark, annotations),
                     []() -> std::unique_ptr<MeteorCounter> { throw Error(ErrorCode::kNotFound, "no METEOR"); });
  };
  rehearse(RunBenchmark::kCharadesSta, data("charades_sta/charades_sta_test.txt"));
  rehearse(RunBenchmark::kQvHighlights, data("qvhighlights/gt.jsonl"));
  rehearse(RunBenchmark::kNextGqa, data("nextgqa"));
  rehearse(RunBenchmark::kMvbench, data("mvbench"));
  rehearse(RunBenchmark::kVideoMme, data("videomme/output_template_filled.json"));
  expect_error("METEOR", ErrorCode::kNotFound, {"no METEOR"},
               [&] { rehearse(RunBenchmark::kDenseCaptions, data("dense_captioning/val_1.json")); });

  const fs::path list = folder / "template.json";
  std::string text = read_file(data("videomme/output_template_filled.json"));
  const std::string member = "\"sub_category\": \"";
  const std::size_t place = text.find(member) + member.size();
  write_file(list, text.replace(place, text.find('"', place) - place, "Kites"));
  expect_error("sub-category", ErrorCode::kMalformed, {list.string() + ": [0].sub_category", "'Kites'"},
               [&] { rehearse(RunBenchmark::kVideoMme, list); });

  const fs::path lines = folder / "gt.jsonl";
  const std::string one = R"({"qid": 1, "query": "a kite", "vid": "v", "duration": 60, "relevant_windows": )";
  write_file(lines, one + "[[3, 6]]}\n");
  expect_error("windows", ErrorCode::kMalformed, {lines.string() + ": line 1", "no query has a middle"},
               [&] { rehearse(RunBenchmark::kQvHighlights, lines); });
  write_file(lines, one + "[]}\n");
  expect_error("windows", ErrorCode::kMalformed, {lines.string() + ": line 1", "relevant_windows"},
               [&] { rehearse(RunBenchmark::kQvHighlights, lines); });
}

GVL_TEST(tables) {
  const RunReport report{RunBenchmark::kCharadesSta,
                         "m",
                         3,
                         1,
                         {{"gone", "\"x\"", 2}},
                         {"charades-sta", "gvl", 3, {{"mIoU", 12.5}, {"other", 1}}, {"A note."}}};
  const JsonValue json = JsonValue::parse(report.to_json(), "report");
  expect_near("mIoU", json.array("scores").at(0).number("value"), 12.5);
  expect_near("published", json.array("scores").at(0).number("published"), 36.8);
  ck_assert(!json.array("scores").at(1).has("published"));
  expect_text(json.array("faults").at(0).string("why"), "\"x\"");
  for (const std::string& text : {report.to_text(), report.to_markdown()}) {
    for (const char* part : {"mIoU", "12.5", "36.8", "gone", "A note.", "1 of 3 predicted"})
      ck_assert_msg(text.find(part) != text.npos, "no '%s' in:\n%s", part, text.c_str());
  }
}
