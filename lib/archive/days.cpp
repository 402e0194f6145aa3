/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/days.hpp"

#include <glib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "gvl/error.hpp"

namespace gvl::archive {

namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".gvlseg";
constexpr std::size_t kLongestName = 200;

using Days = std::chrono::sys_days;

Days days_of(timeline::Time utc) { return std::chrono::floor<std::chrono::days>(std::chrono::sys_time(utc)); }

}  // namespace

std::string day_of(timeline::Time utc) {
  const std::chrono::year_month_day day(days_of(utc));
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return text;
}

std::string utc_text(timeline::Time utc) {
  const auto within = std::chrono::floor<std::chrono::milliseconds>(utc - days_of(utc).time_since_epoch());
  const std::chrono::hh_mm_ss time(within);
  char text[32];
  std::snprintf(text, sizeof text, "T%02d:%02d:%02d.%03dZ", static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return day_of(utc) + text;
}

std::optional<timeline::Time> utc_of_text(const std::string& text) {
  const std::unique_ptr<GDateTime, void (*)(GDateTime*)> time(g_date_time_new_from_iso8601(text.c_str(), nullptr),
                                                              [](GDateTime* owned) {
                                                                if (owned) g_date_time_unref(owned);
                                                              });
  using namespace std::chrono;
  constexpr std::int64_t kEnd = seconds(sys_days(year(2200) / January / 1).time_since_epoch()).count();
  const std::int64_t whole = time ? g_date_time_to_unix(time.get()) : -1;
  if (whole < 0 || whole >= kEnd) return std::nullopt;
  return seconds(whole) + microseconds(g_date_time_get_microsecond(time.get()));
}

timeline::Time utc_now() { return std::chrono::system_clock::now().time_since_epoch(); }

fs::path streams_folder(const fs::path& index) { return index / "streams"; }

fs::path stream_folder(const fs::path& index, const std::string& stream) {
  std::string name;
  for (const char byte : stream) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned char>(byte));
    const bool plain = g_ascii_isalnum(byte) || byte == '-' || byte == '_';
    name += plain ? std::string(1, byte) : escaped;
  }
  if (name.empty()) throw Error(ErrorCode::kInvalidArgument, index.string() + ": a stream of an index needs a name");
  if (name.size() > kLongestName)
    throw Error(ErrorCode::kInvalidArgument, index.string() + ": the stream's name is too long: " + stream);
  return streams_folder(index) / name;
}

fs::path day_file(const fs::path& stream_folder, const std::string& day) { return stream_folder / (day + kEnding); }

std::string day_of_file(const fs::path& file) {
  const std::string day = file.stem().string();
  const bool dated = day.size() == 10 && std::all_of(day.begin(), day.end(), [&](const char& byte) {
                       const auto place = &byte - day.data();
                       return place == 4 || place == 7 ? byte == '-' : g_ascii_isdigit(byte) != 0;
                     });
  return dated && file.extension() == kEnding ? day : "";
}

std::vector<fs::path> day_files(const fs::path& stream_folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator each(stream_folder, error), end; !error && each != end; each.increment(error))
    if (!day_of_file(each->path()).empty()) files.push_back(each->path());
  if (error && error != std::errc::no_such_file_or_directory)
    throw Error(ErrorCode::kResource, stream_folder.string() + ": cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace gvl::archive
