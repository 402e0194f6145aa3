/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/index_reader.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "archive/days.hpp"
#include "gvl/error.hpp"

namespace gvl::archive {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const Record& record, const std::string& what) {
  throw Error(ErrorCode::kMalformed,
              file.string() + ": the record at byte " + std::to_string(record.offset) + " " + what);
}

template <typename T>
T require(std::optional<T> value, const fs::path& file, const Record& record) {
  if (!value) fail(file, record, "says what cannot be");
  return std::move(*value);
}

std::uint64_t order_of(const std::variant<IndexedSegment, SequenceEnd>& entry) {
  if (const auto* segment = std::get_if<IndexedSegment>(&entry)) return segment->stored.facts.place.order;
  return std::get<SequenceEnd>(entry).place.order;
}

bool touches(const std::string& day, const UtcRange& range) {
  constexpr auto kDay = std::chrono::hours(24);
  return (!range.from || day >= day_of(*range.from - kDay)) && (!range.to || day <= day_of(*range.to + kDay));
}

/** Makes runs of records. */
class StreamReader {
 public:
  explicit StreamReader(IndexedStream& stream) : stream_(stream) {}

  void read(const fs::path& path) {
    const File file(path, File::Mode::kRead);
    RecordReader records(file);
    stream_.files.push_back(path);
    while (const auto record = records.next()) take(path, *record);
  }

  void finish() {
    for (auto& [id, run] : runs_) {
      std::stable_sort(run.entries.begin(), run.entries.end(),
                       [](const auto& a, const auto& b) { return order_of(a) < order_of(b); });
      stream_.runs.push_back(std::move(run));
    }
    std::stable_sort(stream_.runs.begin(), stream_.runs.end(),
                     [](const IndexedRun& a, const IndexedRun& b) { return a.run.started < b.run.started; });
  }

 private:
  void take(const fs::path& path, const Record& record) {
    switch (static_cast<RecordKind>(record.kind)) {
      case RecordKind::kRun:
        return begin(path, record);
      case RecordKind::kSegment: {
        auto segment = require(segment_of(record), path, record);
        const std::uint64_t run = segment.facts.place.run;
        return run_of_record(run, path, record)
                   .entries.emplace_back(IndexedSegment{std::move(segment), stream_.files.size() - 1}),
               void();
      }
      case RecordKind::kSequenceEnd: {
        const auto end = require(sequence_end_of(record), path, record);
        run_of_record(end.place.run, path, record).entries.emplace_back(end);
        return;
      }
    }
    fail(path, record, "is of a kind that is not known");
  }

  void begin(const fs::path& path, const Record& record) {
    Run run = require(run_of(record), path, record);
    if (stream_.name.empty()) stream_.name = run.source;
    if (run.source != stream_.name || run.source.empty()) fail(path, record, "is of another stream");
    const std::uint64_t id = run.id;
    runs_.try_emplace(id, IndexedRun{std::move(run), {}});
  }

  IndexedRun& run_of_record(std::uint64_t id, const fs::path& path, const Record& record) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) fail(path, record, "belongs to nothing before it");
    return found->second;
  }

  IndexedStream& stream_;
  std::map<std::uint64_t, IndexedRun> runs_;
};

}  // namespace

IndexReader::IndexReader(fs::path index) {
  const fs::path streams = streams_folder(index);
  std::error_code error;
  for (fs::directory_iterator each(streams, error), end; !error && each != end; each.increment(error))
    if (each->is_directory()) folders_.push_back(each->path());
  if (error)
    throw Error(ErrorCode::kNotFound, index.string() + ": is no index: " + streams.string() + ": " + error.message());
  std::sort(folders_.begin(), folders_.end());
}

std::optional<IndexedStream> IndexReader::read(const fs::path& folder, const UtcRange& range) const {
  IndexedStream stream;
  StreamReader reader(stream);
  for (const fs::path& file : day_files(folder)) {
    if (!touches(day_of_file(file), range)) continue;
    try {
      reader.read(file);
    } catch (const Error& error) {
      // Its time was over, and it was removed.
      if (error.code() != ErrorCode::kNotFound) throw;
    }
  }
  reader.finish();
  return stream.runs.empty() ? std::nullopt : std::optional(std::move(stream));
}

std::string IndexReader::body(const IndexedStream& stream, const IndexedSegment& segment) const {
  const fs::path& path = stream.files[segment.file];
  if (!file_.is_open() || file_.path() != path) file_ = File(path, File::Mode::kRead);
  return read_body(file_, segment.stored.record);
}

Tensor IndexReader::tokens(const IndexedStream& stream, const IndexedSegment& segment) const {
  const StoredSegment& stored = segment.stored;
  const std::string bytes = body(stream, segment);
  try {
    return decode_tokens(std::string_view(bytes).substr(0, stored.token_bytes), stored.type, stored.rows, stored.width);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kMalformed) throw;
    fail(stream.files[segment.file], stored.record, std::string("is damaged: ") + error.what());
  }
}

std::string IndexReader::picture(const IndexedStream& stream, const IndexedSegment& segment) const {
  return body(stream, segment).substr(segment.stored.token_bytes);
}

}  // namespace gvl::archive
