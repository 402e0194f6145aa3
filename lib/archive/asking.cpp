/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/asking.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "evaluation/event_finder.hpp"
#include "evaluation/window_questions.hpp"
#include "gvl/error.hpp"
#include "timeline/window_assembler.hpp"

namespace gvl::archive {

namespace {

// So many windows are asked about at a time: their answers are decoded together.
constexpr std::size_t kInFlight = 16;

/** A run's windows, and the questions about them. */
class RunAsker {
 public:
  RunAsker(const IndexReader& index, const IndexedStream& stream, Model& model, const Question& question)
      : index_(index),
        stream_(stream),
        config_(model.config()),
        stretch_(question.stretch),
        questions_(model, question.queries, question.generation, kInFlight) {}

  void take(const IndexedSegment& segment) {
    const SegmentFacts& facts = segment.stored.facts;
    if (!windows_ || !is_of_sequence(facts.place)) {
      end_sequence();
      begin_sequence(facts);
    }
    if (!stretch_.is_near(facts)) return;
    ++segments_;
    if (!windows_->follows(facts.number)) {
      ask(windows_->last());
      begin_sequence(facts);
    }
    last_ = facts;
    const Future<Tensor> tokens = Future<Tensor>::of(tokens_of(segment));
    for (auto& window : windows_->add(facts.number, {tokens, facts.start, facts.stop})) ask(std::move(window));
  }

  void take(const SequenceEnd& end) {
    if (!windows_ || !is_of_sequence(end.place)) return;
    if (end.windows > 0) ask(windows_->last());
    windows_.reset();
  }

  evaluation::AnsweredVideo finish() {
    end_sequence();
    return {Time(), questions_.finish()};
  }

  std::uint64_t windows() const { return asked_; }
  std::uint64_t segments() const { return segments_; }

 private:
  bool is_of_sequence(const Place& place) const {
    return last_.place.session == place.session && last_.place.sequence == place.sequence;
  }

  void begin_sequence(const SegmentFacts& facts) {
    windows_.emplace(facts.window, facts.hop, facts.backward);
    last_ = facts;
  }

  // One whose end nobody wrote: it goes on, or its writer was killed.
  void end_sequence() {
    if (windows_ && last_.number + 1 >= last_.window) ask(windows_->last());
    windows_.reset();
  }

  void ask(std::optional<timeline::AssembledWindow> window) {
    if (!window) return;
    const Time start = window->segments.front().start, stop = window->segments.back().stop;
    if (!stretch_.touches(last_, start, stop)) return;
    ++asked_;
    questions_.ask(std::move(*window), last_.place.session);
  }

  Tensor tokens_of(const IndexedSegment& segment) const {
    const StoredSegment& stored = segment.stored;
    const std::vector<std::int64_t> expected{config_.tokens_per_segment(), config_.language.hidden_size};
    const std::vector<std::int64_t> shape{stored.rows, stored.width};
    if (shape == expected) return index_.tokens(stream_, segment);
    throw Error(ErrorCode::kMalformed, stream_.files[segment.file].string() + ": the record at byte " +
                                           std::to_string(stored.record.offset) + " has tokens " + to_string(shape) +
                                           ", and the model's are " + to_string(expected));
  }

  const IndexReader& index_;
  const IndexedStream& stream_;
  const ModelConfig& config_;
  const Stretch stretch_;
  evaluation::WindowQuestions questions_;
  std::optional<timeline::WindowAssembler> windows_;
  SegmentFacts last_;
  std::uint64_t asked_ = 0;
  std::uint64_t segments_ = 0;
};

/** Finds a run's segments by their times. */
class RunTimes {
 public:
  explicit RunTimes(const IndexedRun& run) {
    for (const auto& entry : run.entries)
      if (const auto* segment = std::get_if<IndexedSegment>(&entry)) {
        const SegmentFacts& facts = segment->stored.facts;
        segments_[{facts.place.session, facts.start}] = segment;
      }
  }

  /** The segment that shows this time of a session, or the nearest before it. Null where there is none. */
  const IndexedSegment* at(std::uint64_t session, Time time) const {
    auto found = segments_.upper_bound({session, time});
    if (found != segments_.begin() && std::prev(found)->first.first == session) --found;
    return found != segments_.end() && found->first.first == session ? found->second : nullptr;
  }

  void set_utc(std::uint64_t session, Time start, Time stop, std::optional<Time>& utc_start,
               std::optional<Time>& utc_stop) const {
    const IndexedSegment* first = at(session, start);
    const IndexedSegment* last = at(session, stop);
    if (!first || !first->stored.facts.utc_start || !last->stored.facts.utc_start) return;
    utc_start = first->stored.facts.utc_of(start);
    utc_stop = last->stored.facts.utc_of(stop);
  }

 private:
  std::map<std::pair<std::uint64_t, Time>, const IndexedSegment*> segments_;
};

/** All streams, one after the other. */
class IndexAsker {
 public:
  IndexAsker(const IndexReader& index, Model& model, const std::string& fingerprint, const Question& question,
             const AskingProgress& progress)
      : index_(index), model_(model), fingerprint_(fingerprint), question_(question), progress_(progress) {}

  FoundInIndex ask() {
    std::string known;
    bool asked = false;
    for (const auto& folder : index_.folders()) {
      const auto stream = index_.read(folder, question_.stretch.days());
      if (!stream) continue;
      known += (known.empty() ? "" : ", ") + stream->name;
      if (!question_.stream.empty() && stream->name != question_.stream) continue;
      asked = true;
      ask(*stream);
    }
    if (!asked && !question_.stream.empty())
      throw Error(ErrorCode::kNotFound, "the index has no stream " + question_.stream + " then; it has: " + known);
    return std::move(found_);
  }

 private:
  void ask(const IndexedStream& stream) {
    std::uint64_t total = 0;
    for (const IndexedRun& run : stream.runs) {
      require_model(stream, run.run);
      total += run.entries.size();
    }
    std::uint64_t done = 0;
    for (const IndexedRun& run : stream.runs) {
      RunAsker asker(index_, stream, model_, question_);
      for (const auto& entry : run.entries) {
        std::visit([&](const auto& each) { asker.take(each); }, entry);
        if (progress_) progress_(stream.name, ++done, total);
      }
      const auto answered = asker.finish();
      found_.windows += asker.windows();
      found_.segments += asker.segments();
      keep(stream, run,
           evaluation::events_of(answered, question_.min_confidence.value_or(model_.config().min_confidence)));
    }
  }

  void require_model(const IndexedStream& stream, const Run& run) const {
    if (run.fingerprint == fingerprint_) return;
    throw Error(ErrorCode::kInvalidArgument, stream.files.front().string() + ": was indexed with another model (" +
                                                 run.fingerprint.substr(0, 12) + "...) than " + model_.folder() + " (" +
                                                 fingerprint_.substr(0, 12) + "...)");
  }

  void keep(const IndexedStream& stream, const IndexedRun& run, evaluation::FoundInVideo found) {
    const RunTimes times(run);
    for (auto& event : found.events) {
      const IndexedSegment* start = times.at(event.session, event.start);
      if (!start || !question_.stretch.touches(start->stored.facts, event.start, event.stop)) continue;
      FoundEvent kept{stream.name, run.run.id, std::move(event), {}, {}, {}};
      const auto& times_of = kept.event;
      times.set_utc(times_of.session, times_of.start, times_of.stop, kept.utc_start, kept.utc_stop);
      const Time middle = times_of.start + (times_of.stop - times_of.start) / 2;
      kept.picture = index_.picture(stream, *times.at(times_of.session, middle));
      found_.events.push_back(std::move(kept));
    }
    for (auto& answer : found.answers) {
      if (!answer.found) continue;
      FoundWords words{stream.name, std::move(answer), {}, {}};
      times.set_utc(words.answer.session, words.answer.window_start, words.answer.window_stop, words.utc_start,
                    words.utc_stop);
      found_.words.push_back(std::move(words));
    }
  }

  const IndexReader& index_;
  Model& model_;
  const std::string& fingerprint_;
  const Question& question_;
  const AskingProgress& progress_;
  FoundInIndex found_;
};

}  // namespace

FoundInIndex ask(const IndexReader& index, Model& model, const std::string& fingerprint, const Question& question,
                 const AskingProgress& progress) {
  return IndexAsker(index, model, fingerprint, question, progress).ask();
}

}  // namespace gvl::archive
