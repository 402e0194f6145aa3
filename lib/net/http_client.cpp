/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/http_client.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include "gvl/error.hpp"
#include "io/json.hpp"
#include "net/deadline.hpp"
#include "net/proxies.hpp"

namespace {

constexpr auto kUriFlags = static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS);
constexpr int kMostRedirections = 10;
constexpr std::size_t kBlock = 1 << 18;
constexpr int kLongestWait = 600;  // seconds
constexpr int kTimeouts = 10;      // in which headers have to be there, and a document
constexpr guint kTooManyRequests = 429;

struct UriUnref {
  void operator()(GUri* uri) const { g_uri_unref(uri); }
};
using Uri = std::unique_ptr<GUri, UriUnref>;

struct ObjectUnref {
  void operator()(void* object) const { g_object_unref(object); }
};

/** A server says what it likes: what would move the cursor of a terminal is taken out. */
std::string printable(const std::string& text) {
  g_autofree char* valid = g_utf8_make_valid(text.c_str(), static_cast<gssize>(text.size()));
  std::string clean;
  for (const char* at = valid; *at;) {
    const char* next = g_utf8_next_char(at);
    if (g_unichar_iscntrl(g_utf8_get_char(at))) {
      clean += ' ';
    } else {
      clean.append(at, static_cast<std::size_t>(next - at));
    }
    at = next;
  }
  return clean;
}

Uri parse_uri(const std::string& text) {
  Uri uri(g_uri_parse(text.c_str(), kUriFlags, nullptr));
  const char* scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
  if (!host || !*host || !(g_str_equal(scheme, "http") || g_str_equal(scheme, "https"))) {
    throw HttpError(without_secrets(text) + ": not an address of http or https", false);
  }
  return uri;
}

int port_of(GUri* uri) {
  if (g_uri_get_port(uri) > 0) return g_uri_get_port(uri);
  return g_str_equal(g_uri_get_scheme(uri), "https") ? 443 : 80;
}

bool same_server(GUri* a, GUri* b) {
  return g_str_equal(g_uri_get_scheme(a), g_uri_get_scheme(b)) && port_of(a) == port_of(b) &&
         g_ascii_strcasecmp(g_uri_get_host(a), g_uri_get_host(b)) == 0;
}

std::optional<int> retry_after(SoupMessage* message) {
  const char* value = soup_message_headers_get_one(soup_message_get_response_headers(message), "Retry-After");
  if (!value) return std::nullopt;
  guint64 seconds = 0;
  if (!g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT64, &seconds, nullptr)) {
    g_autoptr(GDateTime) time = soup_date_time_new_from_http_string(value);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    if (!time) return std::nullopt;
    seconds = static_cast<guint64>(std::max<GTimeSpan>(g_date_time_difference(time, now) / G_TIME_SPAN_SECOND, 0));
  }
  return static_cast<int>(std::min<guint64>(seconds, kLongestWait));
}

std::string advice(guint status, const HttpOptions& options) {
  if (status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_FORBIDDEN) {
    return options.token.empty() ? ": a token is wanted, in " + options.token_place
                                 : ": the token in " + options.token_place + " is not enough";
  }
  return status == SOUP_STATUS_NOT_FOUND ? ": it is not there" : "";
}

/** What a refusal says in OpenAI's form, `{"error": {"message": ...}}`, or nothing. */
std::string explanation_in(const std::string& body) try {
  return gvl::io::JsonValue::parse(body, "").object("error").string("message");
} catch (const gvl::Error&) {
  return {};
}

/** What trying again does not help against. */
bool is_final(const GError* error) {
  // Other failures of TLS are connections that break while they are opened, or within a record.
  return g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_UNAVAILABLE) ||
         g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE) ||
         g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED) ||
         g_error_matches(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
}

[[noreturn]] void fail(const GError* error, const std::string& url, Deadline& deadline) {
  if (deadline.has_passed()) throw HttpError(without_secrets(url) + ": the answer does not end", true);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) throw Interrupted();
  throw HttpError(without_secrets(url) + ": " + error->message, !is_final(error));
}

bool redirects(guint status) {
  constexpr std::array<guint, 5> kStatuses{301, 302, 303, 307, 308};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

/** Where a redirection leads; never from https to http. */
std::string redirected(SoupMessage* message, const std::string& url) {
  const char* location = soup_message_headers_get_one(soup_message_get_response_headers(message), "Location");
  const Uri from = parse_uri(url);
  const Uri to(location ? g_uri_parse_relative(from.get(), location, kUriFlags, nullptr) : nullptr);
  if (!to) throw HttpError(without_secrets(url) + ": the server redirects to nowhere", false);
  g_autofree char* text = g_uri_to_string(to.get());
  const Uri checked = parse_uri(text);
  if (g_str_equal(g_uri_get_scheme(from.get()), "https") && !g_str_equal(g_uri_get_scheme(checked.get()), "https")) {
    throw HttpError(without_secrets(url) + ": the server redirects from https to " + without_secrets(text), false);
  }
  return text;
}

/** "a" of a Link header `<a>; rel="next"`, of which it may have several. */
std::string next_target(std::string_view links) {
  while (!links.empty()) {
    const std::size_t open = links.find('<'), close = links.find('>', open);
    if (close == links.npos) return {};
    const std::size_t end = std::min(links.find('<', close), links.size());
    const std::string_view parameters = links.substr(close, end - close);
    const bool is_next = parameters.find("rel=\"next\"") != links.npos || parameters.find("rel=next") != links.npos;
    if (is_next) return std::string(links.substr(open + 1, close - open - 1));
    links.remove_prefix(end);
  }
  return {};
}

/** The address of a list's next page; empty where there is none. */
std::string next_page(SoupMessage* message, const std::string& url) {
  const char* value = soup_message_headers_get_list(soup_message_get_response_headers(message), "Link");
  const std::string target = next_target(value ? value : "");
  if (target.empty()) return {};
  const Uri from = parse_uri(url);
  const Uri to(g_uri_parse_relative(from.get(), target.c_str(), kUriFlags, nullptr));
  if (!to || !same_server(from.get(), to.get()))
    throw HttpError(without_secrets(url) + ": its next page is elsewhere", false);
  g_autofree char* text = g_uri_to_string(to.get());
  return text;
}

void check_size(std::int64_t size, const ByteRange& range, const std::string& url) {
  if (size == range.size) return;
  throw HttpError(without_secrets(url) + ": has " + std::to_string(size) + " bytes there, its repository lists " +
                      std::to_string(range.size),
                  false);
}

void trust(SoupSession* session, const std::string& ca_file) {
  g_autofree char* path = g_canonicalize_filename(ca_file.c_str(), nullptr);
  g_autoptr(GError) error = nullptr;
  g_autoptr(GTlsDatabase) authorities = g_tls_file_database_new(path, &error);
  if (!authorities) throw HttpError(ca_file + ": " + error->message, false);
  soup_session_set_tls_database(session, authorities);
}

/** Where the host begins in what is behind "://". A password whose '/' is not escaped is no less a password. */
std::size_t begin_of_host(const std::string& address) {
  const std::string authority = address.substr(0, address.find_first_of("/?#"));
  std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  const bool has_port = colon == authority.npos || authority.front() == '[' ||
                        authority.find_first_not_of("0123456789", colon + 1) == authority.npos;
  if (at == authority.npos && !has_port) at = address.rfind('@');
  return at == address.npos ? 0 : at + 1;
}

}  // namespace

std::string without_secrets(const std::string& url) {
  const std::size_t scheme = url.find("://"), begin = scheme == url.npos ? 0 : scheme + 3;
  const std::string address = url.substr(begin), place = address.substr(begin_of_host(address));
  return url.substr(0, begin) + place.substr(0, place.find_first_of("?#"));
}

std::vector<std::string> secrets_in(const std::string& url) {
  constexpr std::size_t kShortest = 4;  // of a query: "1" would be taken out of everything
  std::vector<std::string> secrets;
  const auto add = [&](const char* part) {
    if (part && *part) secrets.emplace_back(part);
  };
  for (const GUriFlags encoded : {G_URI_FLAGS_NONE, G_URI_FLAGS_ENCODED}) {
    const Uri uri(g_uri_parse(url.c_str(), static_cast<GUriFlags>(G_URI_FLAGS_HAS_PASSWORD | encoded), nullptr));
    if (!uri) continue;
    const char* password = g_uri_get_password(uri.get());
    add(password ? password : g_uri_get_user(uri.get()));
    const char* query = g_uri_get_query(uri.get());
    g_auto(GStrv) pairs = g_strsplit(query ? query : "", "&", -1);
    for (char** pair = pairs; *pair; ++pair) {
      const char* sign = std::strchr(*pair, '=');
      const char* value = sign ? sign + 1 : *pair;
      if (std::strlen(value) >= kShortest) add(value);
    }
  }
  return secrets;
}

bool is_same_server(const std::string& a, const std::string& b) {
  return same_server(parse_uri(a).get(), parse_uri(b).get());
}

HttpError::HttpError(const std::string& message, bool passing, std::optional<int> wait, int status)
    : std::runtime_error(printable(message)), passing_(passing), wait_(wait), status_(status) {}

/** What is asked of a server: a document, a part of one, or an answer to one. */
struct HttpClient::Asked {
  const ByteRange* range = nullptr;
  const std::string* json = nullptr;
};

struct HttpClient::Response {
  std::unique_ptr<Deadline> deadline;
  std::unique_ptr<SoupMessage, ObjectUnref> message;
  std::unique_ptr<GInputStream, ObjectUnref> body;
  std::string url;  ///< behind all redirections

  guint status() const { return soup_message_get_status(message.get()); }
  SoupMessageHeaders* headers() const { return soup_message_get_response_headers(message.get()); }
};

HttpClient::HttpClient(HttpOptions options, GCancellable* cancellable)
    : options_(std::move(options)),
      cancellable_(cancellable),
      session_(soup_session_new_with_options("timeout", static_cast<guint>(options_.timeout), "user-agent",
                                             options_.agent.c_str(), nullptr)) {
  // Parts of a file are parts of its bytes as they are.
  soup_session_remove_feature_by_type(session_, SOUP_TYPE_CONTENT_DECODER);
  if (GProxyResolver* proxies = proxies_of_environment()) {
    soup_session_set_proxy_resolver(session_, proxies);
    g_object_unref(proxies);
  }
  if (options_.ca_file) trust(session_, *options_.ca_file);
}

HttpClient::~HttpClient() { g_object_unref(session_); }

HttpClient::Response HttpClient::send_once(const std::string& url, const Asked& asked) {
  const Uri uri = parse_uri(url), endpoint = parse_uri(options_.endpoint);
  const char* method = asked.json ? "POST" : "GET";
  Response response{std::make_unique<Deadline>(cancellable_),
                    std::unique_ptr<SoupMessage, ObjectUnref>(soup_message_new_from_uri(method, uri.get())), nullptr,
                    url};
  response.deadline->begin(std::chrono::seconds(options_.timeout) * kTimeouts);
  SoupMessage* message = response.message.get();
  soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
  SoupMessageHeaders* headers = soup_message_get_request_headers(message);
  soup_message_headers_replace(headers, "Accept-Encoding", "identity");
  if (asked.range) soup_message_headers_set_range(headers, asked.range->start, asked.range->stop - 1);
  if (asked.json) {
    g_autoptr(GBytes) body = g_bytes_new(asked.json->data(), asked.json->size());
    soup_message_set_request_body_from_bytes(message, "application/json", body);
  }
  if (!options_.token.empty() && same_server(uri.get(), endpoint.get())) {
    soup_message_headers_replace(headers, "Authorization", (options_.scheme + " " + options_.token).c_str());
  }
  g_autoptr(GError) error = nullptr;
  response.body.reset(soup_session_send(session_, message, response.deadline->cancellable(), &error));
  if (!response.body) fail(error, url, *response.deadline);
  return response;
}

std::string HttpClient::without_own_secrets(std::string said, std::size_t shortest) const {
  const std::string mark = "...";
  std::vector<std::string> secrets = options_.secrets;
  secrets.push_back(options_.token);
  // One may have another in it.
  std::sort(secrets.begin(), secrets.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const std::string& secret : secrets) {
    if (secret.empty() || secret.size() < shortest) continue;
    // Behind each mark: it may have the secret in it, "..." of an example say.
    for (std::size_t at = 0; (at = said.find(secret, at)) != said.npos; at += mark.size())
      said.replace(at, secret.size(), mark);
  }
  return said;
}

void HttpClient::refuse(const Response& response, const std::string& explanation) const {
  const guint status = response.status();
  const bool passing = status >= 500 || status == kTooManyRequests || status == SOUP_STATUS_REQUEST_TIMEOUT;
  constexpr std::size_t kLongest = 300;
  // Cut when secrets are out: a part of one would not be found.
  std::string said = without_own_secrets(explanation);
  if (said.size() > kLongest) said = said.substr(0, kLongest) + "...";
  if (!said.empty()) said.insert(0, ": ");
  throw HttpError(without_secrets(response.url) + ": the server answers " + std::to_string(status) + " (" +
                      soup_status_get_phrase(status) + ")" + advice(status, options_) + said,
                  passing, retry_after(response.message.get()), static_cast<int>(status));
}

HttpClient::Response HttpClient::send(const std::string& url, const ByteRange* range) {
  std::string at = url;
  for (int i = 0; i <= kMostRedirections; ++i) {
    Response response = send_once(at, {.range = range});
    if (redirects(response.status())) {
      at = redirected(response.message.get(), at);
      continue;
    }
    if (SOUP_STATUS_IS_SUCCESSFUL(response.status())) return response;
    refuse(response);
  }
  throw HttpError(
      without_secrets(url) + ": the server redirects more than " + std::to_string(kMostRedirections) + " times", false);
}

std::string HttpClient::body_of(const Response& response, std::size_t most) {
  if (auto text = body_within(response, most)) return *std::move(text);
  throw HttpError(without_secrets(response.url) + ": is longer than such an answer can be", false);
}

std::optional<std::string> HttpClient::body_within(const Response& response, std::size_t most) {
  GCancellable* stop = response.deadline->cancellable();
  std::string text;
  std::array<char, 1 << 14> block{};
  for (;;) {
    g_autoptr(GError) error = nullptr;
    const gssize got = g_input_stream_read(response.body.get(), block.data(), block.size(), stop, &error);
    if (got < 0) fail(error, response.url, *response.deadline);
    if (got == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > most) return std::nullopt;
  }
}

HttpClient::Document HttpClient::read(const std::string& url, std::size_t most) {
  const Response response = send(url, nullptr);
  return {body_of(response, most), next_page(response.message.get(), response.url)};
}

std::string HttpClient::post(const std::string& url, const std::string& json, std::size_t most) {
  const Response response = send_once(url, {.json = &json});
  if (SOUP_STATUS_IS_SUCCESSFUL(response.status())) return body_of(response, most);
  refuse_post(response);
}

void HttpClient::hand_over(const std::string& url, const std::string& json) {
  const Response response = send_once(url, {.json = &json});
  if (!SOUP_STATUS_IS_SUCCESSFUL(response.status())) refuse_post(response);
  read_rest(response);
}

/** Of a short answer, so that the connection serves for the next request. Nothing depends on it. */
void HttpClient::read_rest(const Response& response) {
  std::string block(kBlock, '\0');
  if (soup_message_headers_get_encoding(response.headers()) != SOUP_ENCODING_CONTENT_LENGTH) return;
  if (soup_message_headers_get_content_length(response.headers()) >= static_cast<goffset>(block.size())) return;
  while (g_input_stream_read(response.body.get(), block.data(), block.size(), cancellable_, nullptr) > 0) {
  }
}

void HttpClient::refuse_post(const Response& response) {
  constexpr std::size_t kLongestRefusal = 1 << 20;
  // Questions and their token go to nobody else.
  if (redirects(response.status())) refuse(response, "it is another address");
  refuse(response, explanation_in(body_within(response, kLongestRefusal).value_or("")));
}

void HttpClient::copy(const Response& response, std::int64_t bytes, const Sink& sink) {
  // A large file may take hours.
  response.deadline->end();
  std::string block(kBlock, '\0');
  while (bytes > 0) {
    g_autoptr(GError) error = nullptr;
    const auto wanted = static_cast<gsize>(std::min<std::int64_t>(bytes, kBlock));
    const gssize got = g_input_stream_read(response.body.get(), block.data(), wanted, cancellable_, &error);
    if (got < 0) fail(error, response.url, *response.deadline);
    if (got == 0) throw HttpError(without_secrets(response.url) + ": the connection ends too early", true);
    sink({block.data(), static_cast<std::size_t>(got)});
    bytes -= got;
  }
  // Only where a body was read to its end, the connection serves for the next request.
  if (soup_message_headers_get_encoding(response.headers()) != SOUP_ENCODING_CONTENT_LENGTH) return;
  g_input_stream_read(response.body.get(), block.data(), 1, cancellable_, nullptr);
}

bool HttpClient::read_range(const std::string& url, const ByteRange& range, const Sink& sink) {
  const Response response = send(url, &range);
  goffset start = 0, last = 0, size = -1;
  if (response.status() != SOUP_STATUS_PARTIAL_CONTENT) return false;
  if (!soup_message_headers_get_content_range(response.headers(), &start, &last, &size)) return false;
  if (size >= 0) check_size(size, range, response.url);
  if (start != range.start || last < start || last >= range.stop) {
    throw HttpError(without_secrets(response.url) + ": the server sends another part of the file than was asked for",
                    false);
  }
  // It may send less than was asked for; the rest is then asked for again.
  copy(response, last + 1 - start, sink);
  return true;
}

void HttpClient::read_whole(const std::string& url, std::int64_t size, const Sink& sink) {
  const Response response = send(url, nullptr);
  if (soup_message_headers_get_encoding(response.headers()) == SOUP_ENCODING_CONTENT_LENGTH) {
    check_size(soup_message_headers_get_content_length(response.headers()), {0, size, size}, response.url);
  }
  copy(response, size, sink);
}
