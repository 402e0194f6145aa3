/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/watch_phrases.hpp"

#include <algorithm>
#include <array>

#include "scenes/english.hpp"
#include "scenes/phrases.hpp"
#include "scenes/watch/free_words.hpp"
#include "scenes/watch/naming.hpp"

namespace gvl::scenes {
namespace {

constexpr std::string_view kPicture =
    "the [picture/picture/picture/image/image/frame/frame/scene/scene/video/video/view/shot/screen/camera image]";
constexpr std::string_view kHand = "[a hand/a hand/somebody/someone/a person]";

constexpr std::array<std::string_view, 6> kAt{
    "",
    "[on the left/on the left/on the left side/in the left half/in the left part/on the left of the picture]",
    "[on the right/on the right/on the right side/in the right half/in the right part/on the right of the picture]",
    "[at the top/in the upper half/in the upper part/at the top of the picture/in the top half]",
    "[at the bottom/in the lower half/in the lower part/at the bottom of the picture/in the bottom half]",
    "[in the middle/in the middle/in the centre/in the center/in the middle of the picture]"};

/** By the side that it comes from. */
constexpr std::array<std::string_view, 5> kWays{"", "from [left to right/left to right/the left to the right]",
                                                "from [right to left/right to left/the right to the left]",
                                                "from [top to bottom/the top to the bottom]",
                                                "from [bottom to top/the bottom to the top]"};

std::string_view go_words(Gait gait) {
  switch (gait) {
    case Gait::kWalks:
      return "[walk/walk/go/move]";
    case Gait::kDrives:
      return "[drive/drive/go/move/roll]";
    case Gait::kRides:
      return "[ride/drive/go/move]";
    case Gait::kRuns:
      return "[walk/run/go/move]";
    case Gait::kFlies:
      return "[fly/fly/go/move]";
    case Gait::kSails:
      return "[sail/go/move/float]";
    case Gait::kThrown:
      return "[fly/roll/go/move]";
    default:
      return "[move/go]";
  }
}

std::string_view stand_words(Gait gait) {
  switch (gait) {
    case Gait::kWalks:
      return "[stand/stand/wait/stay]";
    case Gait::kDrives:
    case Gait::kRides:
      return "[stand/be parked/stand/stay]";
    case Gait::kRuns:
      return "[stand/rest/stay]";
    default:
      return "[stay/rest]";
  }
}

std::string indefinite(const std::string& mention) {
  return mention.starts_with("the ") ? with_article(without_article(mention)) : mention;
}

/** The words for all that a query has. */
class QueryWords {
 public:
  QueryWords(const WatchQuery& query, bool bare, Random* random)
      : x_(subject(query, random)),
        ax_(indefinite(x_.text)),
        xo_(many_of(query.x, random)),
        o_(noun_of(query.x, random)) {
    add("x", x_.text, x_.plural);
    add("ax", ax_);
    add("xs", xo_, true);
    add("xo", xo_);
    add("o", o_);
    if (is_about_two(query.kind)) {
      y_ = object(query, random);
      add("y", y_.text, y_.plural);
    }
    if (query.kind == WatchKind::kUses) {
      add("use", use_words(query.x, query.y));
      add("role", role_words(query.y));
      add("alone", alone_words(query.x, query.y));
    }
    strange_ = query.aside.empty() ? "something" : with_article(query.aside);
    add("strange", strange_);
    add("do", deed_words(query.x));
    add("where", surrounding_words());
    add("how", manner_words());
    if (query.count > 0) {
      number_ = number_of(query, bare, random);
      add("nx", number_.text, number_.plural);
      add("n", number_.text);
      add("there", "there", number_.plural);
    }
    if (query.kind == WatchKind::kNone) {
      none_ = none_of(query.x, random);
      nones_ = "no " + xo_;
      add("none", none_);
      add("nones", nones_, true);
    }
    add("pic", kPicture);
    add("hand", kHand);
    add("go", go_words(gait_of(query.x)));
    add("stand", stand_words(gait_of(query.x)));
    add("from", words_for_entry(query.side));
    add("out", words_for_exit(query.side));
    add("way", kWays[static_cast<std::size_t>(query.side)]);
    add("at", kAt[static_cast<std::size_t>(query.place)]);
  }
  QueryWords(const QueryWords&) = delete;
  QueryWords& operator=(const QueryWords&) = delete;

  std::span<const Slot> slots() const { return slots_; }

 private:
  /** Now and then with words for how it looks; where it does what cannot be seen, more often than not. */
  static Mention subject(const WatchQuery& query, Random* random) {
    const bool freely = query.kind == WatchKind::kDoes || query.kind == WatchKind::kUses;
    return random && random->chance(freely ? 0.6 : 0.2) ? one_looking(query.x, *random) : one_of(query.x, random);
  }

  static Mention object(const WatchQuery& query, Random* random) {
    if (!random || query.kind != WatchKind::kUses || random->chance(0.5)) return one_of(query.y, random);
    if (random->chance(0.4)) return {(random->chance(0.5) ? "his " : "her ") + noun_of(query.y, random), false};
    return one_looking(query.y, *random);
  }

  void add(std::string_view name, std::string_view text, bool plural = false) {
    slots_.push_back({name, text, plural});
  }

  Mention x_, y_, number_;
  std::string ax_, xo_, o_, none_, nones_, strange_;
  std::vector<Slot> slots_;
};

bool holds_any(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return text.find(name) != text.npos; });
}

/** Whether a template says just as much of side and place as the query does, and there are words for all of it. */
bool suits(std::string_view text, const WatchQuery& query) {
  if (holds_any(text, {"{role}"}) && (query.x.thing != kPerson || role_words(query.y).empty())) return false;
  if (holds_any(text, {"{alone}"}) && alone_words(query.x, query.y).empty()) return false;
  const bool placed = query.side != Side::kNone || query.place != Place::kAnywhere;
  return holds_any(text, {"{from}", "{out}", "{way}", "{at}"}) == placed;
}

const std::vector<std::vector<bool>>& held_out_table() {
  static const std::vector<std::vector<bool>> table = [] {
    const std::array<Slot, 2> slots{Slot{"x", "something"}, Slot{"pic", kPicture}};
    std::vector<std::vector<bool>> result;
    for (const WatchPhrases& phrases : watch_phrases()) {
      result.push_back(held_out_of(phrases.templates, phrases.canonical, slots));
    }
    return result;
  }();
  return table;
}

const WatchPhrases& phrases_of(WatchKind kind) { return watch_phrases()[static_cast<std::size_t>(kind)]; }

}  // namespace

bool held_out(WatchKind kind, std::size_t index) { return held_out_table()[static_cast<std::size_t>(kind)][index]; }

std::optional<std::string> describe(const WatchQuery& query, Random& random, Split split, ClauseForm form,
                                    bool bare_number) {
  constexpr std::size_t kPlainest = 3;
  constexpr double kPlainShare = 0.3;
  const auto& templates = phrases_of(query.kind).templates;
  std::vector<std::string_view> fitting;
  for (std::size_t i = 0; i < templates.size(); ++i) {
    const bool is_clause = holds_any(templates[i], {"|"});
    if (held_out(query.kind, i) != (split == Split::kHeldOut) || !suits(templates[i], query)) continue;
    if (form == ClauseForm::kAny || is_clause) fitting.push_back(templates[i]);
  }
  if (fitting.empty()) return std::nullopt;
  if (random.chance(kPlainShare)) fitting.resize(std::min(fitting.size(), kPlainest));
  const std::string_view text = random.pick(fitting);
  const QueryWords words(query, bare_number, &random);
  return in_form(clause_of(text, words.slots(), &random), form, Manner::kPlain, random);
}

std::string report(const WatchQuery& query) {
  const auto& canonical = phrases_of(query.kind).canonical;
  const auto found =
      std::find_if(canonical.begin(), canonical.end(), [&](std::string_view text) { return suits(text, query); });
  const QueryWords words(query, true, nullptr);
  return present(clause_of(found == canonical.end() ? canonical.front() : *found, words.slots(), nullptr));
}

}  // namespace gvl::scenes
