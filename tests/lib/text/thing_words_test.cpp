/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/thing_words.hpp"

#include <cstdlib>

#include "text_test.hpp"

using namespace gvl;
using namespace gvl::text;
using namespace gvl::text::test;

namespace {

const ThingWords& shipped() {
  static const ThingWords words =
      ThingWords::load(std::filesystem::path(std::getenv("GVL_MODELS")) / "things/things.json");
  return words;
}

std::string described(const ThingMention& mention) {
  std::string text = mention.none ? "no " : "";
  if (mention.count > 1) text += std::to_string(mention.count) + " ";
  for (const std::size_t colour : mention.colours) text += shipped().colours()[colour] + " ";
  std::string names;
  for (const std::size_t thing : mention.things) names += (names.empty() ? "" : "/") + shipped().things()[thing];
  return text + names;
}

/** Such as "person + red car, arrives". */
std::string described(const SoughtThings& sought) {
  std::string text;
  for (const ThingMention& mention : sought.mentions) text += (text.empty() ? "" : " + ") + described(mention);
  if (sought.alone) text += ", alone";
  if (sought.phase == ThingPhase::kArrives) text += ", arrives";
  if (sought.phase == ThingPhase::kLeaves) text += ", leaves";
  return text;
}

constexpr const char* kSmall = R"({
  "things": [{"name": "man", "words": ["man", "men"]}, {"name": "ox", "words": ["ox"]}],
  "groups": [{"words": ["being"], "things": ["man", "ox"]}], "implied": [{"words": ["plough"], "things": ["ox"]}],
  "colours": [{"name": "red", "words": ["red"]}], "numbers": [{"number": 2, "words": ["two"]}], "other": ["ox bow"],
  "none": ["no"], "nobody": {"words": ["nobody"], "things": ["man"]}, "alone": {"words": ["alone"], "beside": ["ox"]},
  "handled": {"puts": ["put down"], "takes": ["take"], "by": ["man"]},
  "arrives": ["arrive"], "leaves": ["leave"], "moves": ["go"], "in": ["in"], "into": ["into"], "out": ["out"], "articles": ["the"],
  "ends_attributes": ["the", "in"], "recording": ["lens", "cover the box"], "ignored": ["is"]})";

void expect_refused(const io::test::TemporaryFolder& folder, const std::string& from, const std::string& to,
                    const std::string& named) {
  std::string text = kSmall;
  const std::size_t place = text.find(from);
  ck_assert_msg(place != std::string::npos, "no %s", from.c_str());
  const auto file = folder / "things.json";
  io::test::write_file(file, text.replace(place, from.size(), to));
  expect_error(named, ErrorCode::kMalformed, {file.string() + ": " + named}, [&] { ThingWords::load(file); });
}

}  // namespace

GVL_TEST(queries_name_things) {
  const struct {
    const char *query, *sought;
  } cases[] = {
      {"a person is in the picture", "person"},
      {"Somebody pours tea into a cup.", "person + cup"},
      {"a man's dogs run", "person + dog"},
      {"the knives and the scissors", "knife + scissors"},
      {"a teddy bear sits on a bed", "teddy bear + bed"},
      {"a bear", "bear"},
      {"the traffic light turns green", "green traffic light"},
      {"a vehicle", "bicycle/car/motorcycle/bus/train/truck"},
      {"luggage stands around", "backpack/handbag/suitcase"},
      {"two players shake hands", "2 person"},
      {"several cars park", "3 car"},
      {"a couple of red cars", "2 red car"},
      {"an orange lies on an orange plate", "orange + orange wine glass/cup/bowl"},
      {"a woman in a yellow jacket", "yellow person"},
      {"a man in black and a white van", "black person + white car/truck"},
      {"a cyclist rides along", "person + bicycle"},
      {"a motorbike rider stops", "person + motorcycle"},
      {"somebody is surfing", "person + surfboard"},
      {"the baby with glasses waits at the bus stop", "person"},
      {"nobody is in the room", "no person"},
      {"there is no car on the road", "no car"},
      {"the dog is alone", "dog, alone"},
      {"a truck enters", "truck, arrives"},
      {"a man comes running in from the right", "person, arrives"},
      {"a car drives into the picture", "car, arrives"},
      {"a car drives in the rain", "car"},
      {"the boy on the left has a ball", "person + sports ball"},
      {"the cat leaves", "cat, leaves"},
      {"she goes out", "person, leaves"},
      {"somebody puts down a bag", "backpack/handbag/suitcase, arrives"},
      {"a hand picks up the phone", "cell phone, leaves"},
      {"the phone is taken away", "cell phone, leaves"},
      {"a person in orange with two oranges", "orange person + 2 orange"},
      {"a bird emerges", "bird, arrives"},
      {"the disappearance of a kite", "kite, leaves"},
      {"a tokamak ignites", ""},
      {"", ""},
  };
  for (const auto& one : cases) expect_text(described(shipped().read(one.query)), one.sought);
}

GVL_TEST(queries_about_the_camera_are_none_about_the_hand_before_it) {
  for (const char* query :
       {"a hand covers the lens", "somebody is blocking the camera", "TV static", "a TV test card"}) {
    ck_assert_msg(shipped().read(query).of_recording, "%s", query);
  }
  for (const char* query : {"a person walks towards the camera", "a dog is in the picture", "a man covers the car"}) {
    ck_assert_msg(!shipped().read(query).of_recording, "%s", query);
  }
}

GVL_TEST(the_table_has_the_classes_of_the_detector) {
  ck_assert_int_eq(shipped().things().size(), 80);
  expect_text(shipped().things().front(), "person");
  expect_text(shipped().things().back(), "toothbrush");
  ck_assert_int_eq(shipped().colours().size(), 11);
  for (std::size_t i = 0; i < shipped().things().size(); ++i) {
    const SoughtThings sought = shipped().read(shipped().things()[i]);
    ck_assert_msg(sought.mentions.size() == 1 && sought.mentions[0].things == ThingNumbers{i}, "%s is read as %s",
                  shipped().things()[i].c_str(), described(sought).c_str());
  }
}

GVL_TEST(words_that_change_nothing_are_told) {
  const auto listed = [](const char* query) {
    std::string text;
    for (const std::string& word : shipped().unknown_words(query)) text += word + "|";
    return text;
  };
  expect_text(listed("Two people in red jackets come into the picture"), "jackets|");
  expect_text(listed("a tokamak ignites a tokamak"), "tokamak|ignites|");
  expect_text(listed("there is nobody, only a dog at the bus stop"), "");
  expect_text(listed("somebody picks up the cups"), "");
}

GVL_TEST(any_text_is_read) {
  shipped().read(std::string(100000, 'a'));
  shipped().read("\xff\xfe two no alone in in in");
  std::string long_text;
  for (int i = 0; i < 10000; ++i) long_text += "two red cars no ";
  ck_assert_int_eq(shipped().read(long_text).mentions.size(), 2);
}

GVL_TEST(tables_are_validated) {
  const io::test::TemporaryFolder folder;
  const auto file = folder / "things.json";
  expect_error("no file", ErrorCode::kNotFound, {file.string()}, [&] { ThingWords::load(file); });
  io::test::write_file(file, kSmall);
  ck_assert_int_eq(ThingWords::load(file).read("two men and no ox").mentions.size(), 2);
  expect_refused(folder, R"("articles": ["the"],)", "", "articles");
  expect_refused(folder, R"("none")", R"("nome")", "nome");
  expect_refused(folder, R"("name": "ox")", R"("name": "man")", "things[1].name: is there twice");
  expect_refused(folder, R"(["man", "ox"])", R"(["man", "cow"])", "groups[0].things[1]: is the name of none");
  expect_refused(folder, R"(["being"], "things": ["man", "ox"])", R"(["being"], "things": [])",
                 "groups[0].things: is empty");
  expect_refused(folder, R"("number": 2)", R"("number": 0)", "numbers[0].number");
  expect_refused(folder, R"(["ox bow"])", R"(["Ox bow"])", "other[0]: is no word");
  expect_refused(folder, R"(["ox bow"])", R"(["ox  bow"])", "other[0]: is no word");
  expect_refused(folder, R"(["ox bow"])", R"(["3"])", "other[0]: is no word");
  expect_refused(folder, R"(["ox bow"])", R"("ox bow")", "other");
}
