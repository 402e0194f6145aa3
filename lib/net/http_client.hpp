/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/** Why a request was not answered as it should have been; the message names the URL, in one line without controls. */
class HttpError : public std::runtime_error {
 public:
  HttpError(const std::string& message, bool passing, std::optional<int> wait = std::nullopt, int status = 0);

  /** Whether the same request may be answered later. */
  bool passing() const noexcept { return passing_; }
  /** The seconds that the server asks to wait until then. */
  std::optional<int> wait() const noexcept { return wait_; }
  /** What the server answered, 404 say; 0 where it did not get so far. */
  int status() const noexcept { return status_; }

 private:
  bool passing_;
  std::optional<int> wait_;
  int status_;
};

/** A URL for messages: without passwords, and without the signatures that redirections carry. */
std::string without_secrets(const std::string& url);
/** What is secret in a URL: its password, or the user where there is none, and the values of its query. */
std::vector<std::string> secrets_in(const std::string& url);
/** Whether a token for one URL is told to the other, too. Throws HttpError for what is no URL of http or https. */
bool is_same_server(const std::string& a, const std::string& b);

/** Somebody ended the program. */
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

struct HttpOptions {
  std::string endpoint;                ///< "https://host": the only one who is told the token
  std::string token;                   ///< none where empty; in no message
  std::vector<std::string> secrets;    ///< what else is in no message that a server could repeat
  std::string scheme = "Bearer";       ///< of authorization, whose credentials the token is
  std::optional<std::string> ca_file;  ///< PEM: who is trusted to sign certificates; none: whom the system does
  std::string token_place;             ///< where a user puts one: "the variable HF_TOKEN"
  std::string agent;                   ///< the program's name
  int timeout = 30;                    ///< seconds in which nothing comes; headers and documents have ten times as many
};

/** Bytes of a file that a server has. */
struct ByteRange {
  std::int64_t start = 0, stop = 0;
  std::int64_t size = 0;  ///< of the whole file, as it was announced
};

/**
 * Reads from a server by HTTP, over proxies that the environment names (http_proxy, https_proxy, all_proxy, no_proxy),
 * else the desktop's. Follows redirections, never from https to http. For one thread. Everything throws HttpError, or
 * Interrupted when `cancellable` is cancelled. The constructor throws HttpError for a ca_file that cannot be read.
 */
class HttpClient {
 public:
  HttpClient(HttpOptions options, GCancellable* cancellable);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  struct Document {
    std::string text;
    std::string next;  ///< URL of the next page; empty where there is none
  };
  /** A document of at most `most` bytes. */
  Document read(const std::string& url, std::size_t most);
  /**
   * What is answered to a document of JSON, at most `most` bytes of it. Follows no redirection. Where it is refused,
   * and the answer says why as OpenAI's interface does, so does the HttpError.
   */
  std::string post(const std::string& url, const std::string& json, std::size_t most);
  /** Hands a document of JSON to a server that takes it, whatever it answers. Follows no redirection. */
  void hand_over(const std::string& url, const std::string& json);
  /** What a server said, without the token and other secrets, which it may repeat, from that length on. */
  std::string without_own_secrets(std::string said, std::size_t shortest = 1) const;

  using Sink = std::function<void(std::span<const char>)>;
  /**
   * Gives `sink` what is between start and stop. Returns false, with nothing given, where the server only has the whole
   * file. What came before an HttpError is good.
   */
  bool read_range(const std::string& url, const ByteRange& range, const Sink& sink);
  /** The same of the whole file, without asking for a part. */
  void read_whole(const std::string& url, std::int64_t size, const Sink& sink);

 private:
  struct Response;
  struct Asked;
  Response send(const std::string& url, const ByteRange* range);
  Response send_once(const std::string& url, const Asked& asked);
  std::string body_of(const Response& response, std::size_t most);
  /** None where it is longer. */
  std::optional<std::string> body_within(const Response& response, std::size_t most);
  void read_rest(const Response& response);
  [[noreturn]] void refuse_post(const Response& response);
  [[noreturn]] void refuse(const Response& response, const std::string& explanation = "") const;
  void copy(const Response& response, std::int64_t bytes, const Sink& sink);

  HttpOptions options_;
  GCancellable* cancellable_;
  SoupSession* session_;
};
