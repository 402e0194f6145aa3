/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/words.hpp"

#include "text_test.hpp"

using namespace gvl;
using namespace gvl::text;
using namespace gvl::text::test;

namespace {

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + "|";
  return text;
}

}  // namespace

GVL_TEST(words_are_runs_of_letters) {
  const struct {
    const char *text, *words;
  } cases[] = {{"The picture goes black.", "the|picture|goes|black|"},
               {"  a red-brown CAR,driving\tfast!", "a|red|brown|car|driving|fast|"},
               {"from <5> to 1:30, at 10s, 3D", "from|to|at|"},
               {"it doesn't; 'quoted' dogs' kids\u2019 sunset\u2019s", "it|doesn't|quoted|dogs|kids|sunset's|"},
               {"Das Bild wird SCHWÄRZER", "das|bild|wird|schwärzer|"},
               {"e\u0301te\u0301 ÉTÉ", "été|été|"},
               {"Машина едет", "машина|едет|"},
               {"画面变黑", "画面变黑|"},
               {"", ""},
               {"?! 12", ""}};
  for (const auto& one : cases) expect_text(listed(words_of(one.text)), one.words);
  words_of("\xff\xfe a");  // whatever it gives
}

GVL_TEST(unknown_words_are_told_once) {
  WordList list;
  list.add_words_of("The picture goes black at sunset");
  ck_assert_int_eq(list.size(), 6);
  expect_text(listed(list.unknown_words("A car, the CAR and the picture's sunset's car")), "a|car|and|");
  expect_text(listed(list.unknown_words("THE PICTURE GOES BLACK")), "");
  expect_text(listed(list.unknown_words("das Bild wird schwarz")), "das|bild|wird|schwarz|");
}

GVL_TEST(lists_are_written_and_validated) {
  WordList list;
  list.add_words_of("été black a doesn't");
  const io::test::TemporaryFolder folder;
  const auto file = folder / "words.txt";
  io::test::write_file(file, list.to_text());
  expect_text(WordList::load(file).to_text(), "a\nblack\ndoesn't\nété\n");
  const struct {
    std::string content, named;
  } faults[] = {{"a\nBlack\n", "line 2: 'Black' is not one word"},
                {"a\nb c\n", "line 2"},
                {"b\na\n", "line 2"},
                {"a\na\n", "line 2: 'a' is not behind"},
                {"a\n\nb\n", "line 2"},
                {"a\nb1\n", "line 2"},
                {"a\r\nb\r\n", "line 1: 'a\\x0d' is not one word"},
                {"a\n\xff\n", "line 2"},
                {"", "is empty"},
                {std::string(WordList::kMostBytes + 1, 'a'), "longer than"}};
  for (const auto& fault : faults) {
    io::test::write_file(file, fault.content);
    expect_error(fault.content.substr(0, 20), ErrorCode::kMalformed, {"words.txt", fault.named},
                 [&] { WordList::load(file); });
  }
  expect_error("missing", ErrorCode::kNotFound, {"none.txt"}, [&] { WordList::load(folder / "none.txt"); });
}
