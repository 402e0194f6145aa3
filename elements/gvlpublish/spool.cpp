/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spool.hpp"

#include "gvl/error.hpp"

namespace gvl::gst {

namespace {

// "gvlp": SQLite keeps it in the file's header, where file(1) looks, too.
constexpr const char* kMark = "PRAGMA application_id = 1735814256";
constexpr std::int64_t kMarkValue = 1735814256;

/** A statement that is given up at the end of a scope. */
class Statement {
 public:
  Statement(sqlite3* base, const char* sql) { sqlite3_prepare_v2(base, sql, -1, &statement_, nullptr); }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(const std::string& text) {
    sqlite3_bind_text64(statement_, 1, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  void bind(std::int64_t number) { sqlite3_bind_int64(statement_, 1, number); }

  int step() { return statement_ ? sqlite3_step(statement_) : SQLITE_ERROR; }
  std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : "";
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

Spool::Spool(const std::optional<std::string>& location, std::uint64_t most_bytes)
    : name_(location.value_or("the spool in memory")), most_bytes_(most_bytes) {
  sqlite3* base = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int opened = sqlite3_open_v2(location ? location->c_str() : ":memory:", &base, flags, nullptr);
  base_.reset(base);
  if (opened != SQLITE_OK) fail("cannot be opened as a spool");
  // The lock is held until the end: two elements would send each event twice.
  run("PRAGMA locking_mode = EXCLUSIVE");
  check_is_spool();
  run("PRAGMA journal_mode = WAL");
  run("PRAGMA synchronous = FULL");
  run("PRAGMA journal_size_limit = 4194304");
  run(kMark);
  run("CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)");
  level_.events = static_cast<std::uint64_t>(number("SELECT count(*) FROM events"));
  level_.bytes = static_cast<std::uint64_t>(number("SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) FROM events"));
}

void Spool::fail(const std::string& doing) const {
  const int code = sqlite3_errcode(base_.get());
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    throw Error(ErrorCode::kResource, name_ + ": another program has this spool open");
  throw Error(ErrorCode::kResource, name_ + ": " + doing + ": " + sqlite3_errmsg(base_.get()));
}

void Spool::run(const char* sql) {
  if (sqlite3_exec(base_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot be written");
}

std::int64_t Spool::number(const char* sql) {
  Statement statement(base_.get(), sql);
  if (statement.step() != SQLITE_ROW) fail("cannot be read as a spool");
  return statement.number(0);
}

/** A new file has no tables, and one of ours its mark. */
void Spool::check_is_spool() {
  const bool empty = number("SELECT count(*) FROM sqlite_master") == 0;
  const std::int64_t mark = number("PRAGMA application_id");
  if (mark != kMarkValue && !(empty && mark == 0))
    throw Error(ErrorCode::kMalformed, name_ + ": is a database, but no spool of events");
}

std::uint64_t Spool::add(const std::string& text) {
  std::lock_guard lock(mutex_);
  const std::uint64_t held = in_hand_.id ? in_hand_.text.size() : 0;
  if (held + text.size() > most_bytes_) return 1;
  std::uint64_t dropped = 0;
  while (level_.bytes + text.size() > most_bytes_ && drop_oldest()) ++dropped;
  Statement insert(base_.get(), "INSERT INTO events (text) VALUES (?1)");
  insert.bind(text);
  if (insert.step() != SQLITE_DONE) fail("an event cannot be kept");
  ++level_.events;
  level_.bytes += text.size();
  changed_.notify_all();
  return dropped;
}

/** The oldest that is not in hand; false where there is none. */
bool Spool::drop_oldest() {
  Statement remove(base_.get(),
                   "DELETE FROM events WHERE id = (SELECT min(id) FROM events WHERE id > ?1) "
                   "RETURNING length(CAST(text AS BLOB))");
  remove.bind(in_hand_.id);
  const int found = remove.step();
  if (found == SQLITE_DONE) return false;
  if (found != SQLITE_ROW) fail("an old event cannot be dropped");
  const auto bytes = static_cast<std::uint64_t>(remove.number(0));
  if (remove.step() != SQLITE_DONE) fail("an old event cannot be dropped");
  --level_.events;
  level_.bytes -= bytes;
  return true;
}

Spool::Entry Spool::read_first() {
  Statement read(base_.get(), "SELECT id, text FROM events ORDER BY id LIMIT 1");
  if (read.step() != SQLITE_ROW) fail("cannot be read");
  return {read.number(0), read.text(1)};
}

std::optional<Spool::Entry> Spool::wait_first(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [this] { return closed_ || level_.events > 0; });
  if (closed_ || level_.events == 0) return std::nullopt;
  in_hand_ = read_first();
  return in_hand_;
}

void Spool::remove(const Entry& entry) {
  std::lock_guard lock(mutex_);
  // Without waiting for the disk: what a loss of power brings back is delivered twice.
  run("PRAGMA synchronous = NORMAL");
  Statement remove(base_.get(), "DELETE FROM events WHERE id = ?1");
  remove.bind(entry.id);
  const int removed = remove.step();
  // What comes behind it would say that nothing is wrong.
  const std::string why = sqlite3_errmsg(base_.get());
  run("PRAGMA synchronous = FULL");
  if (removed != SQLITE_DONE)
    throw Error(ErrorCode::kResource, name_ + ": a delivered event cannot be taken out: " + why);
  in_hand_ = {};
  --level_.events;
  level_.bytes -= entry.text.size();
  changed_.notify_all();
}

void Spool::put_back() {
  std::lock_guard lock(mutex_);
  in_hand_ = {};
}

bool Spool::wait_empty(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, until, [this] { return closed_ || level_.events == 0; }) && level_.events == 0;
}

void Spool::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

Spool::Level Spool::level() const {
  std::lock_guard lock(mutex_);
  return level_;
}

}  // namespace gvl::gst
