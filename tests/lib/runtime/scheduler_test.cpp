/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runtime/scheduler.hpp"

#include <algorithm>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../io/io_test.hpp"
#include "gvl/future.hpp"

using namespace gvl;
using namespace gvl::io::test;
using runtime::Batch;
using runtime::Job;
using runtime::Scheduler;

namespace {

struct NamedJob : Job {
  explicit NamedJob(std::string name) : name(std::move(name)) {}
  std::string name;
  Promise<bool> promise;
};

/** A scheduler that does not begin before it is told to, and what it ran: "a b" is a batch of two. */
class Fixture {
 public:
  Fixture() : scheduler_(std::make_shared<Scheduler>([] {})) {
    hold_ = scheduler_->add_stage({"hold", 1, {}, [this](const Batch&) {
                                     holds_.count_down();
                                     begin_.wait();
                                   }});
    scheduler_->submit(hold_, this, std::make_shared<Job>());
    holds_.wait();
  }
  ~Fixture() {
    if (!begun_) begin();
    scheduler_.reset();
  }

  void begin() {
    begun_ = true;
    begin_.count_down();
  }

  Scheduler::StageId add_stage(std::size_t max_batch, std::chrono::nanoseconds max_wait = {}) {
    return scheduler_->add_stage({"stage", max_batch, max_wait, [this](const Batch& batch) { record(batch); }});
  }

  /** Its jobs run alone, and take that long. */
  Scheduler::StageId add_busy_stage(std::chrono::milliseconds duration) {
    return scheduler_->add_stage({"busy", 1, {}, [this, duration](const Batch& batch) {
                                    std::this_thread::sleep_for(duration);
                                    record(batch);
                                  }});
  }

  /** `client` is the name's first letter. */
  Future<bool> submit(Scheduler::StageId stage, const std::string& name, int priority = 0) {
    static const char clients[256] = {};
    auto job = std::make_shared<NamedJob>(name);
    Future<bool> done = job->promise.future();
    scheduler_->submit(stage, &clients[static_cast<unsigned char>(name.at(0))], std::move(job), priority);
    return done;
  }

  /** The batches up to now. */
  std::vector<std::string> ran() {
    std::lock_guard lock(mutex_);
    return ran_;
  }

  std::shared_ptr<Scheduler> take_scheduler() { return std::move(scheduler_); }

 private:
  void record(const Batch& batch) {
    std::string names;
    for (const auto& job : batch) names += (names.empty() ? "" : " ") + static_cast<NamedJob&>(*job).name;
    {
      std::lock_guard lock(mutex_);
      ran_.push_back(names);
    }
    for (const auto& job : batch) static_cast<NamedJob&>(*job).promise.set_value(true);
  }

  std::latch holds_{1}, begin_{1};
  bool begun_ = false;
  std::mutex mutex_;
  std::vector<std::string> ran_;
  std::shared_ptr<Scheduler> scheduler_;
  Scheduler::StageId hold_ = 0;
};

void expect_ran(Fixture& fixture, const std::vector<std::string>& expected) {
  const auto ran = fixture.ran();
  std::string all;
  for (const auto& batch : ran) all += "[" + batch + "]";
  ck_assert_msg(ran == expected, "ran %s", all.c_str());
}

}  // namespace

GVL_TEST(one_client_is_served_in_order) {
  Fixture fixture;
  const auto stage = fixture.add_stage(1), other = fixture.add_stage(1);
  fixture.submit(stage, "a1");
  fixture.submit(other, "a2");
  const auto last = fixture.submit(stage, "a3");
  fixture.begin();
  last.get();
  expect_ran(fixture, {"a1", "a2", "a3"});
}

GVL_TEST(a_client_that_floods_does_not_hold_up_one_that_sends_little) {
  Fixture fixture;
  const auto stage = fixture.add_stage(1);
  std::vector<Future<bool>> flood;
  for (int i = 0; i < 1000; ++i) flood.push_back(fixture.submit(stage, "flood"));
  const auto little = fixture.submit(stage, "little");
  fixture.begin();
  little.get();
  for (const auto& job : flood) job.get();
  const auto ran = fixture.ran();
  ck_assert_int_eq(ran.size(), 1001);
  ck_assert_msg(ran[1] == "little", "it ran after %s", ran[1].c_str());
}

GVL_TEST(clients_take_turns_over_stages) {
  Fixture fixture;
  const auto encode = fixture.add_stage(1), answer = fixture.add_stage(1);
  fixture.submit(encode, "a1");
  fixture.submit(encode, "a2");
  const auto last = fixture.submit(encode, "a3");
  fixture.submit(answer, "b1");
  fixture.submit(answer, "b2");
  fixture.begin();
  last.get();
  expect_ran(fixture, {"a1", "b1", "a2", "b2", "a3"});
}

GVL_TEST(a_batch_is_filled_from_all_clients_in_turn) {
  Fixture fixture;
  const auto stage = fixture.add_stage(3), other = fixture.add_stage(3);
  for (const char* name : {"a1", "a2", "a3", "a4"}) fixture.submit(stage, name);
  fixture.submit(other, "a5");
  const auto last = fixture.submit(stage, "b1");
  fixture.submit(stage, "b2");
  fixture.begin();
  fixture.submit(other, "a6").get();
  const auto ran = fixture.ran();
  ck_assert_msg(ran.at(0) == "a1 b1 a2", "first %s", ran.at(0).c_str());
  ck_assert_msg(ran.at(1) == "b2 a3 a4", "then %s", ran.at(1).c_str());
}

GVL_TEST(the_highest_priority_goes_first) {
  Fixture fixture;
  const auto stage = fixture.add_stage(1);
  fixture.submit(stage, "a");
  fixture.submit(stage, "b", 5);
  const auto last = fixture.submit(stage, "c", -5);
  fixture.submit(stage, "d", 100);
  fixture.begin();
  last.get();
  expect_ran(fixture, {"d", "b", "a", "c"});
}

GVL_TEST(a_priority_is_the_clients_and_may_change) {
  Fixture fixture;
  const auto stage = fixture.add_stage(1);
  fixture.submit(stage, "a1");
  fixture.submit(stage, "b1");
  fixture.submit(stage, "b2", 1);
  fixture.submit(stage, "a2");
  const auto last = fixture.submit(stage, "a3");
  fixture.begin();
  last.get();
  expect_ran(fixture, {"b1", "b2", "a1", "a2", "a3"});
}

GVL_TEST(three_batches_in_a_row_may_pass_over_who_waits_longest) {
  Fixture fixture;
  const auto stage = fixture.add_stage(1);
  fixture.submit(stage, "a1");
  const auto last = fixture.submit(stage, "a2");
  for (const char* name : {"b1", "b2", "b3", "b4", "b5", "b6"}) fixture.submit(stage, name, 100);
  fixture.begin();
  last.get();
  expect_ran(fixture, {"b1", "b2", "b3", "a1", "b4", "b5", "b6", "a2"});
}

GVL_TEST(whatever_the_priorities_nobody_waits_for_more_than_four_batches_for_each_client) {
  constexpr std::size_t kJobs = 40;
  const std::string clients = "abcdefg";
  const int priorities[] = {-100, 3, 3, 0, 100, 7, -1};
  Fixture fixture;
  const auto stage = fixture.add_stage(1);
  std::vector<Future<bool>> all;
  for (std::size_t i = 0; i < kJobs; ++i)
    for (std::size_t client = 0; client < clients.size(); ++client)
      all.push_back(fixture.submit(stage, std::string(1, clients[client]), priorities[client]));
  fixture.begin();
  for (const auto& job : all) job.get();
  const auto ran = fixture.ran();
  for (const char client : clients) {
    std::size_t waited = 0, longest = 0, count = 0;
    for (const auto& batch : ran) {
      if (count == kJobs) break;
      ++waited;
      if (batch[0] != client) continue;
      longest = std::max(longest, std::exchange(waited, 0));
      ++count;
    }
    ck_assert_msg(longest <= 4 * clients.size(), "%c waited for %zu batches", client, longest);
  }
  ck_assert_msg(std::count(ran.begin(), ran.begin() + 8, "e") == 6, "the highest is served first");
}

GVL_TEST(a_batch_takes_one_of_each_by_priority_before_a_second) {
  Fixture fixture;
  const auto stage = fixture.add_stage(4);
  fixture.submit(stage, "a1");
  const auto last = fixture.submit(stage, "a2");
  fixture.submit(stage, "c1", -1);
  fixture.submit(stage, "b1", 1);
  fixture.submit(stage, "b2", 1);
  fixture.begin();
  last.get();
  expect_ran(fixture, {"b1 a1 c1 b2", "a2"});
}

// What waits for company does not hold up others, and has its turn when it has waited, however much the others send.
GVL_TEST(a_wait_for_company_ends_while_others_flood) {
  Fixture fixture;
  const auto patient = fixture.add_stage(2, std::chrono::milliseconds(1));
  const auto busy = fixture.add_busy_stage(std::chrono::milliseconds(2));
  const auto alone = fixture.submit(patient, "a");
  std::vector<Future<bool>> flood;
  for (int i = 0; i < 20; ++i) flood.push_back(fixture.submit(busy, "b"));
  fixture.begin();
  alone.get();
  for (const auto& job : flood) job.get();
  const auto ran = fixture.ran();
  // The first job of the flood takes longer than the wait.
  const auto place = std::find(ran.begin(), ran.end(), "a") - ran.begin();
  ck_assert_msg(place <= 1, "it ran as number %td", place);
}

GVL_TEST(a_job_waits_for_others_to_fill_its_batch) {
  Fixture fixture;
  const auto patient = fixture.add_stage(2, std::chrono::minutes(1)), prompt = fixture.add_stage(1);
  const auto first = fixture.submit(patient, "a1");
  fixture.begin();
  fixture.submit(prompt, "a2").get();
  ck_assert(!first.ready());
  const auto second = fixture.submit(patient, "b1");
  first.get();
  second.get();
  expect_ran(fixture, {"a2", "a1 b1"});
}

GVL_TEST(nobody_waits_for_longer_than_the_stage_says) {
  Fixture fixture;
  const auto stage = fixture.add_stage(2, std::chrono::milliseconds(1));
  fixture.begin();
  fixture.submit(stage, "a1").get();
  expect_ran(fixture, {"a1"});
}

GVL_TEST(what_has_not_begun_is_dropped_with_the_scheduler) {
  Fixture fixture;
  const auto stage = fixture.add_stage(2, std::chrono::minutes(1));
  const auto waiting = fixture.submit(stage, "a1");
  fixture.begin();
  fixture.take_scheduler().reset();
  expect_error("dropped", ErrorCode::kCancelled, {"cancelled"}, [&] { waiting.get(); });
  expect_ran(fixture, {});
}

/** As when a job's result is the last to hold a model. */
GVL_TEST(the_last_reference_may_go_on_its_own_thread) {
  auto scheduler = std::make_shared<Scheduler>([] {});
  struct Holder : Job {
    std::shared_ptr<Scheduler> scheduler;
    Promise<bool> promise;
  };
  auto holder = std::make_shared<Holder>();
  const auto done = holder->promise.future();
  const auto stage = scheduler->add_stage({"release", 1, {}, [](const Batch& batch) {
                                             auto& job = static_cast<Holder&>(*batch.front());
                                             job.scheduler.reset();
                                             job.promise.set_value(true);
                                           }});
  std::latch held(1);
  const auto hold = scheduler->add_stage({"hold", 1, {}, [&](const Batch&) { held.wait(); }});
  scheduler->submit(hold, nullptr, std::make_shared<Job>());
  holder->scheduler = scheduler;
  scheduler->submit(stage, nullptr, holder);
  scheduler.reset();
  held.count_down();
  ck_assert(done.get());
}

GVL_TEST(impossible_stages_are_named) {
  Scheduler scheduler([] {});
  const auto run = [](const Batch&) {};
  expect_error("empty", ErrorCode::kInvalidArgument, {"some stage"}, [&] {
    scheduler.add_stage({"some stage", 0, {}, run});
  });
  expect_error("past", ErrorCode::kInvalidArgument, {"some stage"}, [&] {
    scheduler.add_stage({"some stage", 1, std::chrono::nanoseconds(-1), run});
  });
  expect_error("forever", ErrorCode::kInvalidArgument, {"a minute"}, [&] {
    scheduler.add_stage({"some stage", 1, std::chrono::hours(1), run});
  });
}
