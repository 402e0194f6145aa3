/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/calibration_report.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "evaluation/format.hpp"

namespace gvl::evaluation {
namespace {

constexpr std::size_t kShown = (kThresholds - 1) / 20;

std::string threshold_text(std::size_t index) { return number(threshold_at(index), 2); }

Proposal none(std::string why_not) { return {std::nullopt, 0, 0, std::move(why_not)}; }

/** Why no threshold tells events apart, or an empty string. */
std::string fault_of_events(const Curve& curve) {
  if (curve.events() == 0) return "the model finds no event at all";
  if (curve.events() == 1) return "the model finds one event only: no value tells right from wrong";
  if (curve.least_sure < curve.most_sure) return {};
  return "all events have the same confidence, " + number(curve.least_sure) + ": no value tells right from wrong";
}

/** The longest row of neighbours with this F1, the first of several. */
std::pair<std::size_t, std::size_t> longest_row(const Curve& curve, double f1) {
  std::pair<std::size_t, std::size_t> longest{0, 0};  // begin, end
  for (std::size_t begin = 0, i = 0; i < kThresholds; ++i) {
    if (curve.at[i].f1() != f1) {
      begin = i + 1;
    } else if (i + 1 - begin > longest.second - longest.first) {
      longest = {begin, i + 1};
    }
  }
  return longest;
}

std::string heading(const Calibration& calibration) {
  const auto& queries = calibration.queries();
  const auto absent =
      std::count_if(queries.begin(), queries.end(), [](const auto& query) { return query.second.labelled() == 0; });
  const std::size_t labelled = calibration.overall().labelled();
  return number(calibration.overall().hours) + " hours of video, " + std::to_string(queries.size()) +
         (queries.size() == 1 ? " query (" : " queries (") + std::to_string(absent) + " for what never happens), " +
         std::to_string(labelled) + (labelled == 1 ? " labelled event" : " labelled events") + "; right from IoU " +
         brief(calibration.least_iou()) + " on\n";
}

std::vector<std::string> line_of(const Curve& curve, std::size_t index) {
  const Verdicts& at = curve.at[index];
  return {
      threshold_text(index),  std::to_string(at.right), std::to_string(at.wrong), std::to_string(at.missed),
      number(at.precision()), number(at.recall()),      number(at.f1()),          number(curve.false_per_hour(index))};
}

std::string table_of(const Curve& curve, const std::vector<Proposal>& proposals) {
  std::vector<std::vector<std::string>> lines{
      {"min_confidence", "right", "wrong", "missed", "precision", "recall", "f1", "false_per_hour"}};
  for (std::size_t i = 0; i < kThresholds; ++i) {
    const auto is_this = [&](const Proposal& proposal) { return proposal.index == i; };
    if (i % kShown != 0 && std::none_of(proposals.begin(), proposals.end(), is_this)) continue;
    lines.push_back(line_of(curve, i));
  }
  return aligned(lines);
}

std::string line_of(const std::string& what, const Curve& curve, const Proposal& proposal) {
  if (!proposal.index) return what + ": no proposal: " + proposal.why_not + "\n";
  const Verdicts& at = curve.at[*proposal.index];
  std::string line = what + ": min-confidence " + threshold_text(*proposal.index) + " (" + std::to_string(at.right) +
                     " right, " + std::to_string(at.wrong) + " wrong, " + std::to_string(at.missed) + " missed)";
  if (proposal.first < proposal.last) {
    line += ", as good as any from " + threshold_text(proposal.first) + " to " + threshold_text(proposal.last);
  }
  return line + "\n";
}

std::string json_of(const Proposal& proposal) {
  if (!proposal.index) return "{\"why_not\": " + json_string(proposal.why_not) + "}";
  return "{\"min_confidence\": " + threshold_text(*proposal.index) + ", \"from\": " + threshold_text(proposal.first) +
         ", \"to\": " + threshold_text(proposal.last) + "}";
}

std::string json_threshold(const Curve& curve, std::size_t index) {
  const Verdicts& at = curve.at[index];
  return "{\"min_confidence\": " + threshold_text(index) + ", \"right\": " + std::to_string(at.right) +
         ", \"wrong\": " + std::to_string(at.wrong) + ", \"missed\": " + std::to_string(at.missed) +
         ", \"precision\": " + number(at.precision()) + ", \"recall\": " + number(at.recall()) +
         ", \"f1\": " + number(at.f1()) + ", \"false_per_hour\": " + number(curve.false_per_hour(index)) + "}";
}

/** The members of the object that tells of a curve. */
std::string json_members(const Curve& curve, double most, const std::string& indent) {
  std::string json = indent + "\"hours\": " + number(curve.hours) + ",\n" + indent +
                     "\"labelled\": " + std::to_string(curve.labelled()) + ",\n" + indent +
                     "\"best_f1\": " + json_of(best_f1(curve)) + ",\n" + indent +
                     "\"few_false\": " + json_of(few_false(curve, most)) + ",\n" + indent + "\"thresholds\": [";
  for (std::size_t i = 0; i < kThresholds; ++i) {
    if (i > 0 && curve.at[i] == curve.at[i - 1]) continue;
    json += (i ? ",\n" : "\n") + indent + "  " + json_threshold(curve, i);
  }
  return json + "\n" + indent + "]";
}

}  // namespace

Proposal best_f1(const Curve& curve) {
  if (curve.labelled() == 0) return none("no event is labelled");
  if (std::string fault = fault_of_events(curve); !fault.empty()) return none(std::move(fault));
  double best = 0;
  for (const Verdicts& at : curve.at) best = std::max(best, at.f1());
  if (best == 0) return none("no event is right at any value");
  const auto [begin, end] = longest_row(curve, best);
  return {(begin + end - 1) / 2, begin, end - 1, {}};
}

Proposal few_false(const Curve& curve, double most) {
  if (curve.hours * most < 1) {
    return none(number(curve.hours) + " hours of video are too few, " + number(1 / most) + " are needed");
  }
  if (std::string fault = fault_of_events(curve); !fault.empty()) return none(std::move(fault));
  for (std::size_t i = 0; i < kThresholds; ++i) {
    if (curve.false_per_hour(i) <= most) return {i, i, i, {}};
  }
  return none("there are more at any value");
}

std::string to_table(const Calibration& calibration, double most) {
  const Curve& curve = calibration.overall();
  const Proposal f1 = best_f1(curve), few = few_false(curve, most);
  return heading(calibration) + "\n" + table_of(curve, {f1, few}) + "\n" + line_of("best F1", curve, f1) +
         line_of("lowest with at most " + brief(most) + " false events an hour", curve, few);
}

std::string to_json(const Calibration& calibration, double most) {
  std::string json = "{\n  \"iou\": " + brief(calibration.least_iou()) +
                     ",\n  \"most_false_per_hour\": " + brief(most) + ",\n  \"overall\": {\n" +
                     json_members(calibration.overall(), most, "    ") + "\n  },\n  \"queries\": [";
  bool first = true;
  for (const auto& [query, curve] : calibration.queries()) {
    json += (std::exchange(first, false) ? "\n" : ",\n") + ("    {\n      \"query\": " + json_string(query)) + ",\n" +
            json_members(curve, most, "      ") + "\n    }";
  }
  return json + (first ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace gvl::evaluation
