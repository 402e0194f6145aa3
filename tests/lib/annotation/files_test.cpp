/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string>
#include <utility>
#include <vector>

#include "annotation/video_name.hpp"
#include "annotation_test.hpp"

using namespace gvl;
using namespace gvl::annotation;
using namespace gvl::annotation::test;

namespace {

std::string told(const Annotation& annotation) {
  std::string text;
  for (const AnnotatedVideo& video : annotation.videos) {
    text += video.name + (video.duration ? " " + std::to_string(static_cast<int>(*video.duration * 10)) : "") + ":";
    for (const Moment& moment : video.moments) {
      text += " " + std::to_string(static_cast<int>(moment.time.start * 10)) + "-" +
              std::to_string(static_cast<int>(moment.time.stop * 10)) + " " + moment.caption + ";";
    }
    text += "\n";
  }
  return text;
}

Annotation read(AnnotationFormat format, const std::string& content) {
  const TemporaryFolder folder;
  write_file(folder / "a.json", content);
  return read_annotation(format, folder / "a.json");
}

/** Each content is refused, in words that name the file and have the part. */
void expect_refused(AnnotationFormat format, const std::vector<std::pair<std::string, std::string>>& cases) {
  for (const auto& [content, part] : cases)
    expect_error(content.substr(0, 200), ErrorCode::kMalformed, {"a.json", part}, [&] { read(format, content); });
}

/** Whatever is changed in it, a file is read or refused by its name. */
void expect_robust(AnnotationFormat format, const std::string& content) {
  const TemporaryFolder folder;
  io::test::Random random;
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    write_file(folder / "a.json", io::test::mutate(content, random));
    refused += io::test::loads_or_throws("a.json", [&] { read_annotation(format, folder / "a.json"); }) ? 0 : 1;
  }
  ck_assert(refused > 100 && refused < 3000);
}

EventLabels labels_of(const std::string& content, const EventLabelOptions& options = {}) {
  const TemporaryFolder folder;
  write_file(folder / "e.jsonl", content);
  return read_event_labels(folder / "e.jsonl", options);
}

const std::string kActivityNet =
    R"({"v_b": {"duration": 20, "timestamps": [[5, 9.5], [0, 4]], "sentences": [" Then\n a dog. ", "A cat."]},)"
    R"( "v_a": {"duration": 8.5, "timestamps": [[7, 3], [8, 99], [8.5, 9], [2, 2]], "sentences": ["a", "b", "c", "d"]},)"
    R"( "v_c": {"duration": 3, "timestamps": [[0, 1]], "sentences": [" "]}})";
const std::string kHighlights =
    R"({"qid": 1, "query": "A tram.", "vid": "x_1", "duration": 150, "relevant_windows": [[90, 100], [10, 20]]})"
    "\n"
    R"({"qid": 2, "query": "A cat.", "vid": "y", "duration": 150, "relevant_windows": [[0, 2]], "more": 1})"
    "\n\n"
    R"({"qid": 3, "query": "A bus.", "vid": "x_1", "duration": 150, "relevant_windows": [[50, 60]]})";
const std::string kCaptions =
    R"({"video": "in/a.mp4", "duration": 9, "captions": [{"start": 1, "stop": 2.5, "text": "A cat."}]})";

}  // namespace

GVL_TEST(activitynet_captions) {
  const Annotation found = read(AnnotationFormat::kActivityNetCaptions, kActivityNet);
  expect_text(told(found), "v_b 200: 0-40 A cat.; 50-95 Then a dog.;\nv_a 85: 30-70 a; 80-85 b;\n");
  expect_texts(annotation::test::told(found.rejected),
               {"v_a: the moment lies behind the video's end", "v_a: the moment has no length",
                "v_c: the caption is empty", "v_c: the video has no moments"});
}

GVL_TEST(qvhighlights) {
  const Annotation found = read(AnnotationFormat::kQvHighlights, kHighlights);
  expect_text(told(found), "x_1 1500: 100-200 A tram.; 500-600 A bus.; 900-1000 A tram.;\ny 1500: 0-20 A cat.;\n");
}

GVL_TEST(own_captions) {
  const Annotation found =
      read(AnnotationFormat::kCaptions, kCaptions + "\n\n" + R"({"video": "b", "duration": 1, "captions": []})");
  expect_text(told(found), "in/a.mp4 90: 10-25 A cat.;\n");
  expect_texts(annotation::test::told(found.rejected), {"b: the video has no moments"});
}

GVL_TEST(hostile_activitynet_captions) {
  const auto video = [](const std::string& record) { return "{\"v\": " + record + "}"; };
  const std::string sentence = ", \"sentences\": [\"a\"]}";
  expect_refused(
      AnnotationFormat::kActivityNetCaptions,
      {{"", "is empty"},
       {"[]", "expected an object"},
       {"{}", "has no videos"},
       {video("[]"), "v: expected an object"},
       {video("{\"duration\": NaN, \"timestamps\": [[1, 2]]" + sentence), "byte"},
       {video("{\"timestamps\": [[1, 2]]" + sentence), "v.duration: is missing"},
       {video("{\"duration\": \"9\", \"timestamps\": [[1, 2]]" + sentence), "v.duration: expected a number"},
       {video("{\"duration\": 0, \"timestamps\": [[1, 2]]" + sentence), "v.duration: must be above 0"},
       {video("{\"duration\": -9, \"timestamps\": [[1, 2]]" + sentence), "v.duration: is below 0"},
       {video("{\"duration\": 1e300, \"timestamps\": [[1, 2]]" + sentence), "v.duration: is above 1e9"},
       {video("{\"duration\": 1e999, \"timestamps\": [[1, 2]]" + sentence), "v.duration"},
       {video("{\"duration\": 9, \"timestamps\": [[-1, 2]]" + sentence), "v.timestamps[0][0]: is below 0"},
       {video("{\"duration\": 9, \"timestamps\": [[1, 2, 3]]" + sentence), "v.timestamps[0]: has 3 elements"},
       {video("{\"duration\": 9, \"timestamps\": [[1, null]]" + sentence), "v.timestamps[0][1]: expected a number"},
       {video("{\"duration\": 9, \"timestamps\": []" + sentence), "v: has 0 times and 1 sentences"},
       {video("{\"duration\": 9, \"timestamps\": [[1, 2]]}"), "v.sentences: is missing"},
       {video("{\"duration\": 9, \"timestamps\": [[1, 2]], \"sentences\": [7]}"), "v.sentences[0]: expected a string"},
       {video("{\"duration\": 9, \"timestamps\": [[1, 2]], \"sentences\": [\"" + std::string(9000, 'a') + "\"]}"),
        "v.sentences[0]: is longer than 8 KiB"},
       {"{\"../v\": {\"duration\": 9, \"timestamps\": [[1, 2]]" + sentence + "}", "leads out of the folder"},
       {"{\"v\": {\"duration\": 9, \"timestamps\": [[1, 2]]" + sentence +
            ", \"v\": {\"duration\": 9, \"timestamps\": "
            "[[1, 2]]" +
            sentence + "}",
        "a second time"}});
}

GVL_TEST(more_moments_than_a_model_reads) {
  std::string times = "[1, 2]", sentences = "\"a\"";
  for (int i = 0; i < 1000; ++i) {
    times += ", [1, 2]";
    sentences += ", \"a\"";
  }
  expect_refused(AnnotationFormat::kActivityNetCaptions,
                 {{"{\"v\": {\"duration\": 9, \"timestamps\": [" + times + "], \"sentences\": [" + sentences + "]}}",
                   "v: has 1001 moments, more than 1000"}});
}

GVL_TEST(hostile_lines) {
  const std::string tail = ", \"query\": \"a\", \"duration\": 9, \"relevant_windows\": [[1, 2]]}";
  expect_refused(AnnotationFormat::kQvHighlights,
                 {{"{\"qid\": 1, \"vid\": \"/etc/passwd\"" + tail, "line 1: vid: '/etc/passwd' leads out"},
                  {"{\"qid\": 1, \"vid\": \"a/../../b\"" + tail, "line 1: vid: 'a/../../b' leads out"},
                  {"{\"qid\": 1, \"vid\": \"a\\nb\"" + tail, "control characters"},
                  {"{\"qid\": 1, \"vid\": \"\"" + tail, "is empty"},
                  {"{\"qid\": 1, \"vid\": 5" + tail, "line 1: vid: expected a string"},
                  {"{\"qid\": 1, \"vid\": \"v\"" + tail + "\n{\"qid\": 1, \"vid\": \"v\"" + tail, "line 2"},
                  {"{\"qid\": 1, \"vid\": \"v\"" + tail +
                       "\n{\"qid\": 2, \"vid\": \"v\", \"query\": \"a\", \"duration\": 8, "
                       "\"relevant_windows\": []}",
                   "line 2: duration: is another one than 'v' had before"},
                  {"{\"qid\": 1, \"vid\": \"v\", \"query\": \"a\", \"duration\": 9, \"relevant_windows\": [[-0.5, 2]]}",
                   "line 1: relevant_windows[0][0]: is below 0"},
                  {"\n", "has no queries"},
                  {std::string(2 << 20, 'a'), "line 1: is longer than 1048576 bytes"}});
  expect_refused(AnnotationFormat::kCaptions,
                 {{kCaptions + "\n" + kCaptions, "line 2: is the video 'in/a.mp4' a second time"},
                  {"{\"video\": \"a\", \"duration\": 9, \"captions\": [], \"caption\": 1}", "line 1: caption: "},
                  {"{\"video\": \"a\", \"duration\": 9, \"captions\": [{\"start\": 1, \"text\": \"a\"}]}",
                   "line 1: captions[0].stop: is missing"},
                  {"{\"video\": \"a\", \"duration\": 9, \"captions\": {}}", "line 1: captions: expected an array"},
                  {"", "has no videos"}});
}

GVL_TEST(changed_files) {
  expect_robust(AnnotationFormat::kActivityNetCaptions, kActivityNet);
  expect_robust(AnnotationFormat::kQvHighlights, kHighlights);
  expect_robust(AnnotationFormat::kCaptions, kCaptions);
}

GVL_TEST(names_of_videos) {
  for (const char* good : {"a", "v_1.5", "in/a.mp4", "..a", "a..", "ä b"})
    ck_assert_msg(!fault_of_video_name(good), "%s", good);
  for (const char* bad : {"", "/a", "..", "a/..", "a/../b", "a\\b", "a/", ".", "a\x01", "a\x7f"})
    ck_assert_msg(fault_of_video_name(bad).has_value(), "%s", bad);
  ck_assert(fault_of_video_name(std::string(2000, 'a')));
}

GVL_TEST(events_as_labels) {
  const std::string black = R"("task": "grounding", "query": "black", "text": "From 1.00 ...", )";
  const EventLabels labels = labels_of(
      R"({"file": "/videos/a.mkv", )" + black +
          R"("start": 6000000000, "stop": 8500000000, "confidence": 0.9})"
          "\n"
          R"({"file": "/videos/a.mkv", )" +
          black +
          R"("start": 1000000000, "stop": 2000000000, "confidence": 0.5})"
          "\n"
          R"({"file": "/videos/a.mkv", )" +
          black +
          R"("start": 1000000000, "stop": 2000000000, "confidence": 0.4})"
          "\n"
          R"({"file": "/videos/a.mkv", )" +
          black +
          R"("start": 1000000000, "state": "open"})"
          "\n"
          R"({"file": "/videos/a.mkv", "task": "qa", "text": "a dog", "found": true})"
          "\n"
          R"({"file": "file:///other/b.mkv", "task": "dense-caption", "text": "a dog runs", "start": 0, "stop": 500000000})",
      {.min_confidence = 0.5, .video = ""});
  expect_text(told(labels.queries), "a.mkv: 10-20 black; 60-85 black;\n");
  expect_text(told(labels.captions), "b.mkv: 0-5 a dog runs;\n");
  expect_texts(annotation::test::told(labels.queries.rejected),
               {"a.mkv: the event is too unsure", "a.mkv: the event is not closed"});
}

GVL_TEST(events_that_do_not_say_which_video) {
  const std::string event = R"({"query": "black", "start": 0, "stop": 500000000})";
  expect_text(told(labels_of(event, {.min_confidence = 0, .video = "x/a.mkv"}).queries), "a.mkv: 0-5 black;\n");
  expect_error("no file", ErrorCode::kMalformed, {"e.jsonl: line 1", "file: is missing"}, [&] { labels_of(event); });
}

GVL_TEST(hostile_events) {
  const std::string head = R"({"file": "a.mkv", "query": "q", )";
  for (const auto& [content, part] : std::vector<std::pair<std::string, std::string>>{
           {head + R"("start": -1, "stop": 5})", "line 1: start: "},
           {head + R"("start": 1.5, "stop": 5})", "line 1: start: "},
           {head + R"("start": 7, "stop": 5})", "line 1: stop: is before its start"},
           {head + R"("start": 7})", "line 1: stop: is missing"},
           {head + R"("start": 7, "stop": 99999999999999999999})", "line 1: stop: "},
           {head + R"("start": 7, "stop": NaN})", "line 1"},
           {head + R"("confidence": "x", "start": 0, "stop": 5})", "line 1: confidence: "},
           {R"({"file": "..", "query": "q", "start": 0, "stop": 5})", "line 1: file: '..' leads out"},
           {R"({"file": "/a/", "query": "q", "start": 0, "stop": 5})", "line 1: file: "},
           {head + R"("start": 0, "stop": 50000000})"
                   "\n"
                   R"({"file": "b/a.mkv", "query": "q", "start": 0, "stop": 5})",
            "line 2: file: 'b/a.mkv' ends as 'a.mkv' does"},
           {"", "has no events"}})
    expect_error(content, ErrorCode::kMalformed, {"e.jsonl", part}, [&] { labels_of(content); });
}
