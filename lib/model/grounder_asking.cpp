/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Asking: the queries of some windows become requests behind the windows' prefixes, and what is generated of them
// becomes answers.

#include <algorithm>
#include <memory>
#include <utility>

#include "gvl/error.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/common_cancellation.hpp"
#include "model/grounder.hpp"
#include "model/grounder_several.hpp"

namespace gvl::model {
namespace {

std::int64_t length_of(const std::vector<std::int64_t>& ids) { return static_cast<std::int64_t>(ids.size()); }

}  // namespace

class Grounder::Asking {
 public:
  Asking(const Grounder& grounder, const std::vector<Window>& windows, const Deliver& deliver)
      : grounder_(grounder), windows_(windows), deliver_(deliver) {}

  void run() {
    for (std::size_t i = 0; i < windows_.size(); ++i) prepare(i);
    if (prefixes_.empty()) return;
    std::vector<language::GenerationRequest> requests = first_requests();
    const Cancellation common = common_cancellation(requests, &language::GenerationRequest::cancellation);
    language::GeneratorOptions options{.capacity = capacity_, .type = grounder_.cache_type_};
    // Each may have moments that are asked for at once.
    options.together = std::min(options.together, most_moments_ * static_cast<std::int64_t>(requests.size()));
    language::PrefixedGenerator generator(grounder_.network_.decoder(), std::move(prefixes_), options);
    generator.generate(std::move(requests), common, [this](std::size_t index, language::Generation generation) {
      return take(asked_.at(index), std::move(generation));
    });
  }

 private:
  /** What a request is for. */
  struct Asked {
    std::size_t window;
    std::size_t query;
    language::GenerationRequest request;
    std::shared_ptr<Several> several;  ///< whose candidate it is about; none: it is the query itself
    std::size_t candidate = 0;
  };

  void fail(std::size_t window, std::size_t query, std::exception_ptr error) const {
    deliver_({window, query, {}, std::move(error)});
  }

  /** A window that can be asked about gets a prefix, and each of its queries that can be asked a request. */
  void prepare(std::size_t number) {
    const Window& window = windows_[number];
    try {
      window.cancellation.check();
      expect_tokens(window, grounder_.network_.config());
    } catch (const Error&) {
      for (std::size_t query = 0; query < window.queries.size(); ++query) fail(number, query, std::current_exception());
      return;
    }
    std::vector<Asked> asked;
    at::Tensor prefix;
    std::int64_t longest = 0;
    for (std::size_t query = 0; query < window.queries.size(); ++query) {
      try {
        text::PromptTokens prompt = grounder_.prompts_.build(window.queries[query], window.scale);
        grounder_.check_length(prompt);
        longest = std::max(longest, length_of(prompt.after_video));
        // What stands before the video does not depend on the query.
        if (asked.empty()) prefix = grounder_.embed_prefix(prompt.before_video, layers::to_aten(window.tokens));
        asked.push_back({number, query, request_for(window, query, std::move(prompt.after_video)), nullptr});
      } catch (const Error&) {
        fail(number, query, std::current_exception());
      }
    }
    if (asked.empty()) return;
    const ModelConfig& config = grounder_.network_.config();
    capacity_ = std::max(
        capacity_, std::min(config.language.max_positions, prefix.size(0) + longest + window.options.max_new_tokens));
    most_moments_ = std::max({most_moments_, config.max_moments, window.options.max_moments});
    prefixes_.push_back(std::move(prefix));
    by_window_.push_back(std::move(asked));
  }

  language::GenerationRequest request_for(const Window& window, std::size_t query,
                                          std::vector<std::int64_t> prompt) const {
    return {prefixes_.size(),
            std::move(prompt),
            grounder_.prompts_.end_id(),
            window.options,
            grounder_.rules_for(window.queries[query].task),
            window.cancellation};
  }

  /** The first queries of all windows, then the second ones, and so on: windows take turns. */
  std::vector<language::GenerationRequest> first_requests() {
    for (std::size_t turn = 0;; ++turn) {
      const std::size_t before = asked_.size();
      for (std::vector<Asked>& window : by_window_) {
        if (turn < window.size()) asked_.push_back(std::move(window[turn]));
      }
      if (asked_.size() == before) break;
    }
    std::vector<language::GenerationRequest> requests;
    for (const Asked& each : asked_) requests.push_back(each.request);
    return requests;
  }

  /** What becomes of a request; returns what is to be asked for it. */
  std::vector<language::GenerationRequest> take(const Asked about, language::Generation generation) {
    const Window& window = windows_[about.window];
    if (generation.cancelled) {
      cancel(about);
    } else if (about.several) {
      grounder_.take_stop(*about.several, about.candidate, generation);
      if (--about.several->awaited == 0) deliver_({about.window, about.query, grounder_.finish(*about.several), {}});
    } else if (auto several = grounder_.begin_several(window, window.queries[about.query], about.request, generation)) {
      return ask_for_stops(about, several);
    } else {
      deliver_({about.window,
                about.query,
                grounder_.make_answer(window.queries[about.query], window.scale, generation),
                {}});
    }
    return {};
  }

  std::vector<language::GenerationRequest> ask_for_stops(const Asked& about, const std::shared_ptr<Several>& several) {
    std::vector<language::GenerationRequest> requests;
    for (std::size_t i = 0; i < several->candidates.size(); ++i) {
      if (several->candidates[i].is_worded) continue;
      requests.push_back(grounder_.stop_request(*several, i));
      asked_.push_back({about.window, about.query, {}, several, i});
    }
    several->awaited = requests.size();
    if (requests.empty()) deliver_({about.window, about.query, grounder_.finish(*several), {}});
    return requests;
  }

  /** Says so once of a query. */
  void cancel(const Asked& about) const {
    const bool is_told = about.several && std::exchange(about.several->is_cancelled, true);
    if (!is_told) fail(about.window, about.query, std::make_exception_ptr(Error(ErrorCode::kCancelled, "cancelled")));
  }

  const Grounder& grounder_;
  const std::vector<Window>& windows_;
  const Deliver& deliver_;
  std::vector<at::Tensor> prefixes_;
  std::vector<std::vector<Asked>> by_window_;
  std::vector<Asked> asked_;  // by the requests' indices
  std::int64_t capacity_ = 0, most_moments_ = 1;
};

void Grounder::answer(const std::vector<Window>& windows, const Deliver& deliver) const {
  Asking(*this, windows, deliver).run();
}

}  // namespace gvl::model
