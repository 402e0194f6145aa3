/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/report.hpp"

#include <clocale>

#include "evaluation_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

Report example() {
  Report report;
  report.add_grounding("zoom", {Interval{0, 4}, {0, 4}});   // IoU 1
  report.add_grounding("cut", {Interval{0, 5}, {0, 10}});   // 0.5
  report.add_grounding("cut", {std::nullopt, {0, 10}});     // 0
  report.add_grounding("black", {Interval{0, 1}, {0, 4}});  // 0.25, as "cut" on average
  report.add_presence("cut", 0.9, true);
  report.add_presence("cut", 0.5, false);
  report.add_presence("zoom", 0.4, true);
  report.add_choice("when", {1, 1});
  report.add_choice("which \"one\"", {std::nullopt, 1});
  report.add_dense_captioning("scene", dense_captioning_score({{{0, 4}, "a b"}}, {{{{0, 4}, "a b"}}}));
  return report;
}

}  // namespace

GVL_TEST(tables) {
  // mIoU (1 + 0.5 + 0 + 0.25) / 4 = 0.4375. AUC of all: 0.9 > 0.5 > 0.4: 1 of 2. METEOR of "a b": 1 - 0.5 / 8.
  expect_text(example().to_table(),
              "grounding  count  r1_0.3  r1_0.5  r1_0.7    miou\n"
              "overall        4  0.5000  0.5000  0.2500  0.4375\n"
              "black          1  0.0000  0.0000  0.0000  0.2500\n"
              "cut            2  0.5000  0.5000  0.0000  0.2500\n"
              "zoom           1  1.0000  1.0000  1.0000  1.0000\n"
              "\n"
              "absent   present  absent     auc  threshold    kept   wrong\n"
              "overall        2       1  0.5000     0.9000  0.5000  0.0000\n"
              "cut            1       1  1.0000     0.9000  1.0000  0.0000\n"
              "zoom           1       0       -          -       -       -\n"
              "\n"
              "multiple_choice  count  accuracy\n"
              "overall              2    0.5000\n"
              "which \"one\"          1    0.0000\n"
              "when                 1    1.0000\n"
              "\n"
              "dense_captioning  count  soda_p  soda_r  soda_f1  meteor\n"
              "overall               1  0.9375  0.9375   0.9375  0.9375\n"
              "scene                 1  0.9375  0.9375   0.9375  0.9375\n");
  expect_text(Report().to_table(), "no results\n");
}

GVL_TEST(labels_do_not_tear_tables) {
  Report report;
  report.add_choice("\xc3\xa9\n", {0, 0});
  expect_text(report.to_table(),
              "multiple_choice  count  accuracy\n"
              "overall              1    1.0000\n"
              "\xc3\xa9                    1    1.0000\n");
}

GVL_TEST(json) {
  Report report;
  report.add_choice("a \"b\" \\ \n\x01", {0, 1});
  report.add_presence("x", 1, true);
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where it is installed: a comma would not be JSON
  expect_text(report.to_json(), R"({
  "grounding": {
    "overall": {"count": 0, "r1_0.3": 0.0000, "r1_0.5": 0.0000, "r1_0.7": 0.0000, "miou": 0.0000},
    "kinds": []
  },
  "absent": {
    "overall": {"present": 1, "absent": 0, "auc": 0.0000, "threshold": 0.0000, "kept": 0.0000, "wrong": 0.0000},
    "kinds": [
      {"kind": "x", "present": 1, "absent": 0, "auc": 0.0000, "threshold": 0.0000, "kept": 0.0000, "wrong": 0.0000}
    ]
  },
  "multiple_choice": {
    "overall": {"count": 1, "accuracy": 0.0000},
    "kinds": [
      {"kind": "a \"b\" \\ \u000a\u0001", "count": 1, "accuracy": 0.0000}
    ]
  },
  "dense_captioning": {
    "overall": {"count": 0, "soda_p": 0.0000, "soda_r": 0.0000, "soda_f1": 0.0000, "meteor": 0.0000},
    "kinds": []
  }
}
)");
}

GVL_TEST(refuses_what_its_metrics_refuse) {
  Report report;
  expect_error("score", ErrorCode::kInvalidArgument, {"score"}, [&] { report.add_presence("x", kNaN, true); });
  expect_error("interval", ErrorCode::kInvalidArgument, {"reference"}, [&] {
    report.add_grounding("x", {std::nullopt, {1, 0}});
  });
  expect_text(report.to_table(), "no results\n");
}
