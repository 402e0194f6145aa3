/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/catalogue.hpp"

#include <sqlite3.h>

#include <sstream>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::archive {

namespace {

constexpr int kPatience = 20000;  // ms, for others that write

// `application_id` and `user_version` tell a database of this format from any other.
constexpr const char* kSchema = R"(
PRAGMA application_id = 1196837961;
PRAGMA user_version = 1;
CREATE TABLE model(one INTEGER PRIMARY KEY CHECK(one = 1), fingerprint TEXT NOT NULL);
CREATE TABLE runs(id INTEGER PRIMARY KEY, started INTEGER NOT NULL, stream TEXT NOT NULL, stream_id TEXT NOT NULL);
CREATE TABLE days(stream TEXT NOT NULL, day TEXT NOT NULL, segments INTEGER NOT NULL, bytes INTEGER NOT NULL,
                  PRIMARY KEY(stream, day)) WITHOUT ROWID;
CREATE TABLE events(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, stream TEXT NOT NULL, day TEXT NOT NULL,
                    task TEXT NOT NULL, query TEXT NOT NULL, text TEXT NOT NULL, start INTEGER NOT NULL,
                    stop INTEGER NOT NULL, confidence REAL NOT NULL, utc_start INTEGER, utc_stop INTEGER);
CREATE INDEX events_of_days ON events(stream, day);
CREATE INDEX events_by_time ON events(utc_start);
CREATE VIRTUAL TABLE event_texts USING fts5(query, text, content=events, content_rowid=id);
CREATE TRIGGER events_added AFTER INSERT ON events BEGIN
  INSERT INTO event_texts(rowid, query, text) VALUES (new.id, new.query, new.text);
END;
CREATE TRIGGER events_removed AFTER DELETE ON events BEGIN
  INSERT INTO event_texts(event_texts, rowid, query, text) VALUES ('delete', old.id, old.query, old.text);
END;
)";

constexpr const char* kListSchema =
    "SELECT group_concat(type || ' ' || name || ' ' || coalesce(sql, ''), char(10)) FROM "
    "(SELECT * FROM sqlite_schema ORDER BY type, name)";

constexpr const char* kEventColumns =
    "SELECT run, stream, task, events.query, events.text, start, stop, confidence, utc_start, utc_stop FROM events ";

/** Each word in quotes: what they say is no syntax. */
std::string words_of(const std::string& text) {
  std::istringstream words(text);
  std::string quoted;
  for (std::string word; words >> word;) {
    quoted += quoted.empty() ? "\"" : " \"";
    for (const char byte : word) quoted += byte == '"' ? std::string("\"\"") : std::string(1, byte);
    quoted += '"';
  }
  return quoted;
}

}  // namespace

/** A statement with its values; what fails is the catalogue's error. */
class Catalogue::Statement {
 public:
  Statement(Catalogue& catalogue, const std::string& sql) : catalogue_(catalogue) {
    if (sqlite3_prepare_v2(catalogue.database_, sql.c_str(), -1, &statement_, nullptr) != SQLITE_OK) catalogue.fail();
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(const std::string& text) {
    return bound(
        sqlite3_bind_text(statement_, ++values_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT));
  }
  Statement& bind(std::uint64_t number) {
    return bound(sqlite3_bind_int64(statement_, ++values_, static_cast<sqlite3_int64>(number)));
  }
  Statement& bind(double number) { return bound(sqlite3_bind_double(statement_, ++values_, number)); }
  Statement& bind(Time time) { return bound(sqlite3_bind_int64(statement_, ++values_, time.count())); }
  Statement& bind(const std::optional<Time>& time) {
    return time ? bind(*time) : bound(sqlite3_bind_null(statement_, ++values_));
  }

  /** Whether there is a row (more). */
  bool step() {
    const int result = sqlite3_step(statement_);
    if (result != SQLITE_ROW && result != SQLITE_DONE) catalogue_.fail();
    return result == SQLITE_ROW;
  }

  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : "";
  }
  std::uint64_t number(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
  }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  Time time(int column) const { return Time(sqlite3_column_int64(statement_, column)); }
  std::optional<Time> optional_time(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL ? std::nullopt : std::optional(time(column));
  }

 private:
  Statement& bound(int result) {
    if (result != SQLITE_OK) catalogue_.fail();
    return *this;
  }

  Catalogue& catalogue_;
  sqlite3_stmt* statement_ = nullptr;
  int values_ = 0;
};

Catalogue::Catalogue(const std::filesystem::path& index, Mode mode) : path_((index / "index.sqlite").string()) {
  try {
    open(mode == Mode::kWrite);
    if (mode == Mode::kWrite) run("PRAGMA synchronous = NORMAL");
  } catch (...) {
    sqlite3_close(database_);
    throw;
  }
}

Catalogue::~Catalogue() { sqlite3_close(database_); }

void Catalogue::fail() const {
  const int code = sqlite3_errcode(database_) & 0xff;
  const bool malformed = code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_ERROR;
  throw Error(malformed ? ErrorCode::kMalformed : ErrorCode::kResource,
              path_ + ": cannot be used as the database of an index: " + sqlite3_errmsg(database_));
}

void Catalogue::run(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

// Nothing in the schema of somebody else's file is run, before it is known to be this one.
void Catalogue::open(bool writes) {
  const int flags = writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  if (sqlite3_open_v2(path_.c_str(), &database_, flags, nullptr) != SQLITE_OK) fail();
  sqlite3_busy_timeout(database_, kPatience);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (writes && is_new()) make();
  check_schema();
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, nullptr);
}

bool Catalogue::is_new() { return !Statement(*this, "SELECT 1 FROM sqlite_schema").step(); }

// Several writers may begin an index at once: one of them makes it.
void Catalogue::make() {
  run("PRAGMA journal_mode = WAL");
  run("BEGIN IMMEDIATE");
  if (is_new()) run(kSchema);
  run("COMMIT");
}

// A database that has another schema is somebody else's: nothing of it is run.
void Catalogue::check_schema() {
  Statement here(*this, kListSchema);
  here.step();
  sqlite3* fresh = nullptr;
  std::string expected;
  const auto keep = [](void* text, int, char** values, char**) {
    *static_cast<std::string*>(text) = values[0] ? values[0] : "";
    return 0;
  };
  const bool made = sqlite3_open(":memory:", &fresh) == SQLITE_OK &&
                    sqlite3_exec(fresh, kSchema, nullptr, nullptr, nullptr) == SQLITE_OK &&
                    sqlite3_exec(fresh, kListSchema, keep, &expected, nullptr) == SQLITE_OK;
  const std::string fault = made ? "" : sqlite3_errmsg(fresh);
  sqlite3_close(fresh);
  if (!made) throw Error(ErrorCode::kUnsupported, "SQLite lacks what an index needs: " + fault);
  if (here.text(0) != expected)
    throw Error(ErrorCode::kMalformed, path_ + ": is no database of an index, or of another version's");
}

void Catalogue::claim(const std::string& fingerprint) {
  Statement(*this, "INSERT OR IGNORE INTO model VALUES (1, ?)").bind(fingerprint).step();
  Statement known(*this, "SELECT fingerprint FROM model");
  if (known.step() && known.text(0) == fingerprint) return;
  throw Error(ErrorCode::kInvalidArgument, path_ + ": the index is of another model (" + known.text(0).substr(0, 12) +
                                               "...) than this one (" + fingerprint.substr(0, 12) +
                                               "...): another model needs an index of its own");
}

void Catalogue::add(const Run& run) {
  Statement(*this, "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)")
      .bind(run.id)
      .bind(run.started)
      .bind(run.source)
      .bind(run.stream_id)
      .step();
}

void Catalogue::add(const StoredEvent& event, const std::string& stream, const std::string& day) {
  Statement(*this,
            "INSERT INTO events(run, stream, day, task, query, text, start, stop, confidence, utc_start, utc_stop) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(event.run)
      .bind(stream)
      .bind(day)
      .bind(event.task)
      .bind(event.query)
      .bind(event.text)
      .bind(event.start)
      .bind(event.stop)
      .bind(event.confidence)
      .bind(event.utc_start)
      .bind(event.utc_stop)
      .step();
}

void Catalogue::set(const StoredDay& day) {
  Statement(*this, "INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?)")
      .bind(day.stream)
      .bind(day.day)
      .bind(day.segments)
      .bind(day.bytes)
      .step();
}

void Catalogue::remove(const std::string& stream, const std::string& day) {
  for (const char* table : {"days", "events"})
    Statement(*this, std::string("DELETE FROM ") + table + " WHERE stream = ? AND day = ?")
        .bind(stream)
        .bind(day)
        .step();
}

std::vector<StoredDay> Catalogue::days() {
  std::vector<StoredDay> days;
  Statement rows(*this, "SELECT stream, day, segments, bytes FROM days ORDER BY stream, day");
  while (rows.step()) days.push_back({rows.text(0), rows.text(1), rows.number(2), rows.number(3)});
  return days;
}

std::vector<StoredEvent> Catalogue::find(const Search& search) {
  const std::string words = words_of(search.words);
  std::string sql = kEventColumns;
  if (!words.empty()) sql += "JOIN event_texts ON event_texts.rowid = events.id ";
  sql += "WHERE (?1 = '' OR stream = ?1) AND (?2 IS NULL OR utc_stop > ?2) AND (?3 IS NULL OR utc_start < ?3) ";
  sql += words.empty() ? "ORDER BY coalesce(utc_start, start), events.id " : "AND event_texts MATCH ?5 ORDER BY rank ";
  Statement rows(*this, sql + "LIMIT ?4");
  rows.bind(search.stream).bind(search.from).bind(search.to).bind(std::uint64_t{search.most});
  if (!words.empty()) rows.bind(words);
  std::vector<StoredEvent> events;
  while (rows.step()) {
    events.push_back({rows.number(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.time(5),
                      rows.time(6), rows.real(7), rows.optional_time(8), rows.optional_time(9)});
  }
  return events;
}

}  // namespace gvl::archive
