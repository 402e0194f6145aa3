/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/index_writer.hpp"

#include <random>
#include <system_error>
#include <utility>

#include "archive/days.hpp"
#include "gvl/error.hpp"

namespace gvl::archive {

namespace {

namespace fs = std::filesystem;

constexpr auto kSyncEvery = std::chrono::seconds(1);

std::uint64_t random_id() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ErrorCode::kResource, folder.string() + ": cannot be made: " + error.message());
}

std::uint64_t segments_in(const fs::path& path) {
  const File file(path, File::Mode::kRead);
  RecordReader reader(file);
  std::uint64_t count = 0;
  while (const auto record = reader.next())
    if (record->kind == static_cast<std::uint32_t>(RecordKind::kSegment)) ++count;
  return count;
}

}  // namespace

IndexWriter::IndexWriter(const fs::path& index, Run run, const Retention& retention)
    : folder_(stream_folder(index, run.source)), run_(std::move(run)), retention_(retention) {
  run_.id = random_id();
  run_.started = utc_now();
  make_folder(folder_);
  lock();
  catalogue_.emplace(index, Catalogue::Mode::kWrite);
  catalogue_->claim(run_.fingerprint);
  catalogue_->add(run_);
}

IndexWriter::~IndexWriter() {
  try {
    if (file_) file_->sync();
  } catch (const Error&) {
    // What was added is with the kernel: it is read, though a power cut may lose it.
  }
}

void IndexWriter::lock() {
  lock_ = File(folder_ / "lock", File::Mode::kWrite);
  if (!lock_.lock())
    throw Error(ErrorCode::kResource, folder_.string() + ": another writer indexes the stream " + run_.source);
}

void IndexWriter::add(SegmentFacts facts, const SegmentContent& content) {
  open_day(day_of(facts.utc_start.value_or(run_.started)));
  facts.place.run = run_.id;
  facts.place.order = order_++;
  append(RecordKind::kSegment, to_head(facts, content), content.tokens + content.jpeg);
  ++segments_;
  ++stored_.segments;
  stored_.bytes = file_->size();
  catalogue_->set(stored_);
  sync_now_and_then();
  if (retention_.bytes > 0 && older_bytes_ + file_->size() > retention_.bytes) remove_old_days();
}

void IndexWriter::add(SequenceEnd end) {
  // Of a sequence without a segment nothing is to be known.
  if (!file_) return;
  end.place.run = run_.id;
  end.place.order = order_++;
  append(RecordKind::kSequenceEnd, to_head(end), {});
}

void IndexWriter::add(StoredEvent event) {
  event.run = run_.id;
  catalogue_->add(event, run_.source, day_of(event.utc_start.value_or(run_.started)));
}

void IndexWriter::open_day(const std::string& day) {
  if (file_ && day == day_) return;
  if (file_) file_->sync();
  const fs::path path = day_file(folder_, day);
  file_.emplace(path);
  day_ = day;
  stored_ = {run_.source, day, segments_in(path), file_->size()};
  append(RecordKind::kRun, to_head(run_), {});
  remove_old_days();
}

void IndexWriter::append(RecordKind kind, const std::string& head, const std::string& body) {
  file_->append(static_cast<std::uint32_t>(kind), head, body);
}

void IndexWriter::sync_now_and_then() {
  const auto now = std::chrono::steady_clock::now();
  if (now - synced_ < kSyncEvery) return;
  file_->sync();
  synced_ = now;
}

bool IndexWriter::is_too_old(const std::string& day) const {
  return retention_.days > 0 && day < day_of(utc_now() - std::chrono::hours(24) * retention_.days);
}

void IndexWriter::remove_old_days() {
  older_bytes_ = 0;
  auto files = day_files(folder_);
  std::erase(files, file_->path());
  for (const fs::path& file : files) older_bytes_ += File(file, File::Mode::kRead).size();
  for (const fs::path& file : files) {
    const bool too_much = retention_.bytes > 0 && older_bytes_ + file_->size() > retention_.bytes;
    if (too_much || is_too_old(day_of_file(file))) remove(file);
  }
}

void IndexWriter::remove(const fs::path& file) {
  older_bytes_ -= File(file, File::Mode::kRead).size();
  std::error_code error;
  fs::remove(file, error);
  if (error) throw Error(ErrorCode::kResource, file.string() + ": cannot be removed: " + error.message());
  catalogue_->remove(run_.source, day_of_file(file));
}

}  // namespace gvl::archive
