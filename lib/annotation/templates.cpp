/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/templates.hpp"

#include <cmath>
#include <sstream>
#include <string_view>

#include "scenes/random.hpp"

namespace gvl::annotation {
namespace {

using scenes::Random;

/** A caption as a part of a sentence: without the full stop. */
std::string quoted(std::string caption) {
  while (caption.ends_with('.') || caption.ends_with(' ')) caption.pop_back();
  return "\"" + caption + "\"";
}

/** A question that the caption of moment `place` answers. */
GroundedQuestion question_about(const AnnotatedVideo& video, std::size_t place, Random& random) {
  const std::size_t count = video.moments.size();
  std::vector<std::string> leads;
  if (count == 1) leads = {"What happens in the video?", "What can be seen in the video?"};
  if (count > 1 && place == 0) leads = {"What happens first in the video?", "How does the video begin?"};
  if (count > 1 && place + 1 == count) leads = {"What happens last in the video?", "How does the video end?"};
  // Of two that begin together none is the later one.
  if (place > 0) leads.push_back("What happens after this: " + quoted(video.moments[place - 1].caption) + "?");
  if (place + 1 < count) leads.push_back("What happens before this: " + quoted(video.moments[place + 1].caption) + "?");
  const Moment& moment = video.moments[place];
  return {random.pick(leads), moment.caption, moment.time, {place}};
}

/** FNV-1a, with a last mixing step, as its low bits alone are not well mixed. */
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return Random(hash).next();
}

void add(std::vector<float>& vector, std::string_view feature, float weight) {
  const std::uint64_t hash = hash_of(feature);
  vector[hash % kHashedWidth] += (hash >> 63) != 0 ? weight : -weight;
}

void add_word(std::vector<float>& vector, const std::string& word) {
  constexpr std::size_t kPart = 3;
  constexpr float kOfParts = 0.4F;
  add(vector, word, 1);
  const std::string marked = "^" + word + "$";
  for (std::size_t i = 0; i + kPart <= marked.size(); ++i) add(vector, "part " + marked.substr(i, kPart), kOfParts);
}

}  // namespace

std::vector<GroundedQuestion> template_questions(const AnnotatedVideo& video, std::size_t most, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < video.moments.size(); ++i) places.push_back(i);
  random.shuffle(places);
  if (places.size() > most) places.resize(most);
  std::vector<GroundedQuestion> questions;
  for (const std::size_t place : places) questions.push_back(question_about(video, place, random));
  return questions;
}

std::vector<float> hashed_embedding(const std::string& text) {
  constexpr float kOfPairs = 0.5F;
  std::vector<float> vector(kHashedWidth, 0.0F);
  std::istringstream words(compared(text));
  for (std::string word, before; words >> word; before = word) {
    add_word(vector, word);
    if (!before.empty()) add(vector, "pair " + before + " " + word, kOfPairs);
  }
  double squares = 0;
  for (const float value : vector) squares += static_cast<double>(value) * value;
  if (squares == 0) {
    vector[0] = 1;
    return vector;
  }
  for (float& value : vector) value = static_cast<float>(value / std::sqrt(squares));
  return vector;
}

}  // namespace gvl::annotation
