/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/names.hpp"

#include <gst/gst.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "ground/remote.hpp"

namespace {

// A name may have 255 bytes; the times, the query and a number come behind it.
constexpr std::size_t kLongestStem = 120;
constexpr const char* kCut = "...";
constexpr const char* kAuthority = "://";
constexpr const char* kEndOfUri = " \t\r\n\"<>";
constexpr const char* kHidden = "***";

/** Each byte that is not UTF-8 becomes `instead`. */
std::string as_utf8(std::string text, char instead) {
  const char* wrong = nullptr;
  while (!g_utf8_validate(text.data(), static_cast<gssize>(text.size()), &wrong))
    text[static_cast<std::size_t>(wrong - text.data())] = instead;
  return text;
}

/** Each control character, U+0080 to U+009F too, becomes `instead`; bytes that are no UTF-8 stay. */
std::string without_controls(std::string text, char instead) {
  constexpr char kFirstByte = '\xc2';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool long_one = text[i] == kFirstByte && i + 1 < text.size() && (text[i + 1] & 0xe0) == 0x80;
    if (long_one || g_ascii_iscntrl(text[i])) text.replace(i, long_one ? 2 : 1, 1, instead);
  }
  return text;
}

int columns_of(gunichar character) {
  if (g_unichar_iszerowidth(character)) return 0;
  return g_unichar_iswide(character) ? 2 : 1;
}

/** How many characters from `begin`, in steps of `step`, fit into `columns`. */
template <typename Iterator>
std::ptrdiff_t fitting(Iterator begin, Iterator end, int columns) {
  const auto too_wide = [&columns](gunichar character) { return (columns -= columns_of(character)) < 0; };
  return std::find_if(begin, end, too_wide) - begin;
}

std::string utf8_of(const gunichar* characters, std::ptrdiff_t count) {
  g_autofree char* text = g_ucs4_to_utf8(characters, count, nullptr, nullptr, nullptr);
  return text ? text : "";
}

/** What is before the first '/', '?' or '#'; the rest in `rest`. */
std::string authority_of(const std::string& uri, std::string& rest) {
  const std::size_t end = std::min(uri.find_first_of("/?#"), uri.size());
  rest = uri.substr(end);
  return uri.substr(0, end);
}

/** Cameras take it there, too. In a message a colon may stand behind the URI. */
std::string without_password_parameters(const std::string& text) {
  g_autoptr(GRegex) regex = g_regex_new("([?&](?:password|passwd|pass|pwd)=)[^&#]*?(?=:?(?:$|[&#]))",
                                        static_cast<GRegexCompileFlags>(G_REGEX_CASELESS | G_REGEX_RAW),
                                        static_cast<GRegexMatchFlags>(0), nullptr);
  const std::string hidden = std::string("\\1") + kHidden;
  g_autofree char* clean = g_regex_replace(regex, text.data(), static_cast<gssize>(text.size()), 0, hidden.c_str(),
                                           static_cast<GRegexMatchFlags>(0), nullptr);
  return clean ? clean : text;
}

/** Of a URI behind its "://". A password whose '/' is not escaped makes it wrong, but is no less a password. */
std::string without_user_password(const std::string& uri) {
  std::string rest;
  std::string authority = authority_of(uri, rest);
  const std::size_t colon = authority.find(':');
  if (colon == std::string::npos || authority.front() == '[') return uri;
  const bool is_port = authority.find_first_not_of("0123456789", colon + 1) == std::string::npos;
  std::size_t at = authority.rfind('@');
  if (at == std::string::npos && !is_port) {
    authority = uri;
    rest.clear();
    at = authority.rfind('@');
  }
  if (at == std::string::npos || at < colon) return uri;
  return authority.substr(0, colon + 1) + kHidden + authority.substr(at) + rest;
}

std::string path_in_uri(const std::string& uri) {
  g_autoptr(GstUri) parsed = gst_uri_from_string(uri.c_str());
  g_autofree char* path = parsed ? gst_uri_get_path(parsed) : nullptr;
  return path ? path : "";
}

}  // namespace

bool is_uri(const std::string& video) {
  return video.find("://") != std::string::npos && gst_uri_is_valid(video.c_str());
}

std::string uri_of(const std::string& video, std::string& fault) {
  if (is_uri(video)) return video;
  g_autoptr(GError) error = nullptr;
  g_autofree char* uri = gst_filename_to_uri(video.c_str(), &error);
  if (!uri) fault = error->message;
  return uri ? uri : "";
}

std::string path_of(const std::string& video) {
  if (!is_uri(video)) return video;
  g_autofree char* path = g_filename_from_uri(video.c_str(), nullptr, nullptr);
  return path ? path : "";
}

std::string possible_path_of(const std::string& video) {
  const std::string path = path_of(video);
  if (!path.empty()) return path;
  return gst_uri_has_protocol(video.c_str(), "fd") ? "/dev/fd/" + video.substr(video.find("://") + 3)
                                                   : path_in_uri(video);
}

bool is_read_once(const std::string& video) {
  if (gst_uri_has_protocol(video.c_str(), "fd") || is_live_by_scheme(video)) return true;
  const std::string path = path_of(video);
  struct stat file;
  return !path.empty() && stat(path.c_str(), &file) == 0 && !S_ISREG(file.st_mode) && !S_ISBLK(file.st_mode) &&
         !S_ISDIR(file.st_mode);
}

std::string without_passwords(const std::string& text) {
  std::string clean;
  std::size_t at = 0;
  for (std::size_t mark; (mark = text.find(kAuthority, at)) != std::string::npos;) {
    const std::size_t begin = mark + std::char_traits<char>::length(kAuthority);
    const std::size_t end = std::min(text.find_first_of(kEndOfUri, begin), text.size());
    clean += text.substr(at, begin - at) +
             without_password_parameters(without_user_password(text.substr(begin, end - begin)));
    at = end;
  }
  return clean + text.substr(at);
}

std::string readable_name(const std::string& video) {
  if (g_utf8_validate(video.c_str(), -1, nullptr)) return is_uri(video) ? without_passwords(video) : video;
  std::string fault;
  const std::string uri = uri_of(video, fault);
  return as_utf8(uri.empty() ? video : uri, '?');
}

std::string readable_text(const std::string& text) { return as_utf8(text, '?'); }

std::string stem_of(const std::string& video) {
  const std::string path = path_of(video);
  std::string stem = std::filesystem::path(path.empty() ? path_in_uri(video) : path).stem().string();
  stem = without_controls(as_utf8(stem, '_'), '_');
  std::replace(stem.begin(), stem.end(), '%', '_');
  if (stem.size() > kLongestStem)
    stem.resize(
        static_cast<std::size_t>(g_utf8_find_prev_char(stem.data(), stem.data() + kLongestStem + 1) - stem.data()));
  return stem.empty() ? "video" : stem;
}

std::string fitted(const std::string& text, int columns) {
  const std::string clean = readable_text(on_one_line(text));
  glong length = 0;
  g_autofree gunichar* all = g_utf8_to_ucs4_fast(clean.c_str(), static_cast<glong>(clean.size()), &length);
  if (fitting(all, all + length, columns) == length) return clean;
  const int room = std::max(0, columns - static_cast<int>(std::char_traits<char>::length(kCut)));
  const std::ptrdiff_t head = fitting(all, all + length, room / 2);
  const std::reverse_iterator<const gunichar*> last(all + length), first(all);
  const std::ptrdiff_t tail = fitting(last, first, room - room / 2);
  return utf8_of(all, head) + std::string(kCut).substr(0, static_cast<std::size_t>(std::max(columns, 0))) +
         utf8_of(all + length - tail, tail);
}

std::string shown_query(const std::string& query) {
  constexpr int kLongest = 160;
  return fitted(query, kLongest);
}

std::string on_one_line(std::string text) { return without_controls(std::move(text), ' '); }
