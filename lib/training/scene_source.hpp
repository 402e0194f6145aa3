/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gvl/config.hpp"
#include "io/json.hpp"
#include "scenes/compose.hpp"
#include "scenes/conversation.hpp"
#include "scenes/render.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/** What videos hold and what is asked about them. */
struct CurriculumStage {
  scenes::ComposeOptions compose;
  scenes::ConversationOptions conversations;
  std::int64_t videos = 0;  ///< how many, before the next stage
};

struct SceneSourceOptions {
  scenes::AssetOptions assets;
  std::vector<CurriculumStage> first;  ///< stages before the one that lasts
  CurriculumStage lasting;
  std::uint64_t seed = 0;   ///< of the first video; the next has the next
  std::int64_t videos = 0;  ///< in an epoch, the same in every one with other questions; 0: no end to them

  /** The stage of video `index`. */
  const CurriculumStage& stage_of(std::int64_t index) const noexcept;

  /** Reads the member `scenes` of a run's data (docs/training.md). Throws Error naming file and member. */
  static SceneSourceOptions read(const io::JsonValue& scenes);
};

/** Reads how many conversations are wanted of each form; what is not said stays. Throws Error naming file and member.
 */
void read_conversation_counts(const io::JsonValue& counts, scenes::ConversationOptions& options);

/** A conversation as the model is asked: its own prompt where there is one for the task, else the question as it
 * stands. */
TrainingText training_text(const scenes::Conversation& conversation, const PromptConfig& prompts);

/** Generated videos as samples, rendered where the model looks and nowhere else. */
class SceneSource : public SampleSource {
 public:
  SceneSource(const SceneSourceOptions& options, const ModelConfig& model);

  std::int64_t size() const noexcept override { return options_.videos; }
  EventClasses event_classes() const noexcept override;
  Sample make(std::int64_t index) const override;

  /** What sample `index` shows and what is asked about it, to measure answers with. */
  scenes::Composition composition(std::int64_t index) const;
  std::vector<scenes::Conversation> conversations(const scenes::Scene& scene, std::int64_t index) const;
  scenes::Renderer renderer(std::int64_t index) const;

 private:
  std::uint64_t seed_of(std::int64_t index) const noexcept;
  Sample render(const scenes::Renderer& renderer) const;
  void label(const scenes::Renderer& renderer, Sample& sample) const;

  SceneSourceOptions options_;
  ModelConfig model_;
  std::shared_ptr<const scenes::Assets> assets_;
};

}  // namespace gvl::training
