/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlclipper: what its files are called.

#include <filesystem>

#include "clips.hpp"

using gvl::test::content_of;
using gvl::test::FedClipper;
using gvl::test::TemporaryFolder;
using gvl::test::text_of_file;

namespace {

std::string settings(const TemporaryFolder& folder, const char* name, const char* more) {
  return "location=\"" + (folder.path() / name).string() + "\" " + more;
}

void push(FedClipper& fed, int from, int to) {
  for (int i = from; i < to; ++i) fed.push(i, i % 10 == 0);
}

GVL_TEST(two_clippers_that_wish_for_one_description_have_two) {
  const TemporaryFolder folder;
  // Both would be described by 00007.json, which is written when both files are there.
  FedClipper first(settings(folder, "%{id}.mkv", "")), second(settings(folder, "%{id}.webm", "muxer=webmmux"));
  for (FedClipper* one : {&first, &second}) {
    push(*one, 0, 40);
    one->add_event(7, 3 * GST_SECOND, 6 * GST_SECOND);
  }
  for (FedClipper* one : {&first, &second}) {
    push(*one, 40, 80);
    one->end();
    one->wait_for_end();
    fail_unless(one->warnings().empty(), "%s", one->warnings()[0].c_str());
  }
  for (const char* name : {"00007.mkv", "00007-2.webm"}) {
    const auto file = folder.path() / name;
    fail_unless_equals_int(content_of(file.string()).at("video_0").size(), 50);
    const std::string text = text_of_file(std::filesystem::path(file).replace_extension(".json").string());
    fail_unless(text.find(std::string("\"file\":\"") + name) != text.npos, "%s", text.c_str());
  }
}

GVL_TEST(a_name_says_that_no_stop_is_known) {
  const TemporaryFolder folder;
  FedClipper fed(settings(folder, "%{id} %{stop}.mkv", "alerts=true"));
  push(fed, 0, 40);
  fed.tell(7, "open", 3 * GST_SECOND);
  fail_unless(std::filesystem::exists(folder.path() / "00007 open.mkv"));
}

}  // namespace
