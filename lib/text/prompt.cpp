/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/prompt.hpp"

#include <array>
#include <utility>

#include "gvl/error.hpp"
#include "io/quote.hpp"
#include "text/query_times.hpp"
#include "text/utf8.hpp"

namespace gvl::text {
namespace {

constexpr std::string_view kImage = "<image>";
constexpr std::string_view kQuery = "{query}";
constexpr std::string_view kStart = "{start}";
constexpr std::string_view kStop = "{stop}";

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++found;
  return found;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

void require_prompt(const char* name, const std::string& prompt, bool needs_query) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCode::kMalformed, std::string("prompts.") + name + ": " + what + ": " + io::quote(prompt));
  };
  if (count(prompt, kImage) != 1) fail("expected <image> once");
  const bool has_times = contains(prompt, kStart) && contains(prompt, kStop);
  if (needs_query && !contains(prompt, kQuery) && !has_times) fail("has no {query}");
}

/** What stands for the placeholders of a prompt. */
struct Filling {
  std::string query;
  std::string start;
  std::string stop;
};

Filling fill_referring(const std::string& prompt, const std::string& query, const TimeScale& scale,
                       std::int64_t temporal_tokens) {
  TimedQuery timed = read_times(query, scale, temporal_tokens);
  Filling filling;
  filling.query = timed.bare ? "What is happening " + timed.text + "?" : std::move(timed.text);
  if (contains(prompt, kStart) || contains(prompt, kStop)) {
    if (timed.temporals.size() < 2) {
      throw Error(ErrorCode::kInvalidArgument, "a referring query needs two times: " + io::quote(query));
    }
    filling.start = temporal_name(timed.temporals[0]);
    filling.stop = temporal_name(timed.temporals[1]);
  }
  return filling;
}

}  // namespace

std::string require_query(const Query& query) {
  if (const auto invalid = find_invalid_utf8(query.text)) {
    throw Error(ErrorCode::kInvalidArgument, "the query is not UTF-8 at byte " + std::to_string(*invalid));
  }
  const std::string_view text = trimmed(query.text);
  if (text.empty() && query.task != Task::kDenseCaption) {
    throw Error(ErrorCode::kInvalidArgument,
                "the query is empty, which " + std::string(name_of(query.task)) + " cannot answer");
  }
  return std::string(text);
}

/** A stretch of the prompt and which of it is a user's. */
struct PromptBuilder::Text {
  std::string text;
  std::vector<ByteRange> untrusted;

  void append(std::string_view part) { text += part; }
  void append_untrusted(std::string_view part) {
    untrusted.push_back({text.size(), text.size() + part.size()});
    text += part;
  }
  /** Appends `part` of a prompt, with its placeholders filled. What is filled in is not looked through again. */
  void append_filled(std::string_view part, const Filling& filling) {
    while (!part.empty()) {
      if (part.starts_with(kQuery)) {
        append_untrusted(filling.query);
        part.remove_prefix(kQuery.size());
      } else if (part.starts_with(kStart)) {
        append(filling.start);
        part.remove_prefix(kStart.size());
      } else if (part.starts_with(kStop)) {
        append(filling.stop);
        part.remove_prefix(kStop.size());
      } else {
        append(part.substr(0, 1));
        part.remove_prefix(1);
      }
    }
  }
};

PromptConfig default_prompts(const io::LanguageModel& model) {
  PromptConfig prompts;
  prompts.system = model.turns.system;
  prompts.user = model.turns.user;
  prompts.assistant = model.turns.assistant;
  prompts.end = model.turns.end;
  prompts.grounding =
      "<image> <timestamp_grounding>\nGive you a textual query: '{query}'. When does the described content occur in "
      "the video? Please return the start and end timestamps.";
  prompts.dense_caption =
      "<image> <timestamp_grounding>\nDetect and report the start and end timestamps of activity events in the video, "
      "along with descriptions.";
  prompts.referring = "<image>\n{query}";
  prompts.question = "<image>\n{query}";
  return prompts;
}

PromptBuilder::PromptBuilder(std::shared_ptr<const Tokenizer> tokenizer, TemporalTokens temporal, PromptConfig prompts)
    : tokenizer_(std::move(tokenizer)), temporal_(std::move(temporal)), prompts_(std::move(prompts)) {
  require_prompt("grounding", prompts_.grounding, true);
  require_prompt("dense_caption", prompts_.dense_caption, false);
  require_prompt("referring", prompts_.referring, true);
  require_prompt("question", prompts_.question, true);
  const auto end = tokenizer_->token_to_id(prompts_.end);
  if (!end) throw Error(ErrorCode::kMalformed, "prompts.end: " + io::quote(prompts_.end) + " is no token");
  end_id_ = *end;
  if (!prompts_.absent.empty()) absent_id_ = first_answer_id(prompts_.absent);
}

std::int64_t PromptBuilder::first_answer_id(const std::string& answer) const {
  Text text;
  text.append(prompts_.assistant);
  const std::size_t before = encode(text, false, false).size();
  text.append(answer);
  const std::vector<std::int64_t> ids = encode(text, false, false);
  if (ids.size() <= before)
    throw Error(ErrorCode::kMalformed, "prompts.absent: " + io::quote(answer) + " is no answer");
  return ids[before];
}

const std::string& PromptBuilder::template_of(Task task) const {
  switch (task) {
    case Task::kGrounding:
      return prompts_.grounding;
    case Task::kDenseCaption:
      return prompts_.dense_caption;
    case Task::kReferring:
      return prompts_.referring;
    case Task::kQuestion:
      return prompts_.question;
  }
  throw Error(ErrorCode::kInvalidArgument, "no such task");
}

PromptTokens PromptBuilder::build(const Query& query, const TimeScale& scale) const {
  const std::string& prompt = template_of(query.task);
  Filling filling{require_query(query), "", ""};
  if (query.task == Task::kReferring) {
    filling = fill_referring(prompt, filling.query, scale, temporal_.count());
  }
  const std::size_t image = prompt.find(kImage);
  Text before;
  before.append(prompts_.system + prompts_.user);
  before.append_filled(std::string_view(prompt).substr(0, image), filling);
  Text after;
  after.append_filled(std::string_view(prompt).substr(image + kImage.size()), filling);
  after.append(prompts_.assistant);
  return {encode(before, true, false), encode(after, false, false)};
}

namespace {

std::size_t find_image(std::string_view user_turn) {
  if (count(user_turn, kImage) == 1) return user_turn.find(kImage);
  throw Error(ErrorCode::kInvalidArgument, "expected <image> once in the user turn " + io::quote(user_turn));
}

}  // namespace

std::size_t PromptBuilder::ids_after_video(std::string_view start_of_user_turn) const {
  Text after;
  after.append_untrusted(start_of_user_turn.substr(find_image(start_of_user_turn) + kImage.size()));
  return encode(after, false, true).size();
}

TrainingTokens PromptBuilder::build_training(std::string_view user_turn, std::string_view answer) const {
  const std::size_t image = find_image(user_turn);
  Text before;
  before.append(prompts_.system + prompts_.user);
  before.append_untrusted(user_turn.substr(0, image));
  Text after;
  after.append_untrusted(user_turn.substr(image + kImage.size()));
  after.append(prompts_.assistant);
  TrainingTokens result;
  result.answer_start = encode(after, false, true).size();
  after.append_untrusted(answer);
  after.append(prompts_.end);
  result.tokens = {encode(before, true, true), encode(after, false, true)};
  return result;
}

std::vector<std::int64_t> PromptBuilder::encode(const Text& text, bool add_special, bool permit_grounding) const {
  EncodeOptions options;
  options.add_special = add_special;
  options.untrusted = text.untrusted;
  options.permitted = [&](std::int64_t id) {
    return temporal_.temporal_of(id) || (permit_grounding && id == temporal_.grounding_id());
  };
  return tokenizer_->encode(text.text, options);
}

}  // namespace gvl::text
