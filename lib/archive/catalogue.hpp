/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/segment_record.hpp"

struct sqlite3;

namespace gvl::archive {

/** What a model said about a stream while it was indexed: a gvl-event that is over, or a gvl-answer in words. */
struct StoredEvent {
  std::uint64_t run = 0;
  std::string stream;  ///< by its source; filled when it is read
  std::string task;
  std::string query;
  std::string text;
  Time start{};  ///< of the stream; of words, the window's
  Time stop{};
  double confidence = 0;
  std::optional<Time> utc_start;  ///< since 1970-01-01; both or none
  std::optional<Time> utc_stop;
};

/** What an index holds of one day of a stream. */
struct StoredDay {
  std::string stream;
  std::string day;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
};

/**
 * The facts and events of an index, in the SQLite file `index.sqlite` in its folder (write-ahead log, so that it is
 * read while it is written; event texts are in a full-text index, FTS5). The segments themselves are not in it: what it
 * says of them can be counted anew from their files. For one thread; other processes may have the same one open.
 *
 * Errors name the file: Error(kMalformed) for one that is no such database, kResource where it cannot be used now.
 */
class Catalogue {
 public:
  enum class Mode {
    kRead,
    kWrite,  ///< made where there is none
  };

  Catalogue(const std::filesystem::path& index, Mode mode);
  ~Catalogue();
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  /** The index is of the model with this fingerprint. Throws Error(kInvalidArgument) where it is of another one. */
  void claim(const std::string& fingerprint);
  void add(const Run& run);
  void add(const StoredEvent& event, const std::string& stream, const std::string& day);
  void set(const StoredDay& day);
  /** A day's file is gone, and what was said about it. */
  void remove(const std::string& stream, const std::string& day);

  std::vector<StoredDay> days();

  /** Which events are looked for. */
  struct Search {
    std::string words;             ///< all of them, in the query or the text; empty: any event
    std::string stream;            ///< by its name; empty: any
    std::optional<Time> from, to;  ///< UTC; events that touch the stretch
    std::size_t most = 100;
  };
  /** The events, those that fit the words best first; without words by time. */
  std::vector<StoredEvent> find(const Search& search);

 private:
  class Statement;

  void open(bool writes);
  bool is_new();
  void make();
  void check_schema();
  void run(const char* sql);
  [[noreturn]] void fail() const;

  std::string path_;
  sqlite3* database_ = nullptr;
};

}  // namespace gvl::archive
