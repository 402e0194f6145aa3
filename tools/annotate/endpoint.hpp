/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "common/retries.hpp"
#include "net/http_client.hpp"

/** No further request may be made. */
class BudgetSpent : public std::runtime_error {
 public:
  BudgetSpent() : std::runtime_error("the budget of requests is spent") {}
};

/** How many requests may be made, tries of one counted each. Any thread may call it. */
class RequestBudget {
 public:
  /** 0: as many as are needed. */
  explicit RequestBudget(std::int64_t most) : most_(most) {}

  /** Throws BudgetSpent. */
  void take() {
    std::int64_t made = made_;
    do {
      if (most_ > 0 && made >= most_) throw BudgetSpent();
    } while (!made_.compare_exchange_weak(made, made + 1));
  }
  std::int64_t made() const { return made_; }

 private:
  const std::int64_t most_;
  std::atomic<std::int64_t> made_{0};
};

/** Where a model answers, by OpenAI's interface. */
struct EndpointOptions {
  std::string address;  ///< "https://host/v1", perhaps with a query, "?api-version=1"
  HttpOptions http;
  RetryOptions retries;
};

/** The URL of a path under an address, "/embeddings": before the address's query. */
std::string url_under(const std::string& address, const std::string& path);

/** Asks a server. For one thread. */
class Endpoint {
 public:
  Endpoint(const EndpointOptions& options, RequestBudget& budget, GCancellable* cancellable)
      : options_(options), budget_(budget), cancellable_(cancellable), client_(options.http, cancellable) {}

  /**
   * Asks with a document of JSON under the address, and gives the answer, of at most `most` bytes, to `take`. Again
   * after failures that may pass, also where `take` throws gvl::Error: an answer of another form may come from a proxy.
   * Throws HttpError, BudgetSpent or Interrupted.
   */
  void post(const std::string& path, const std::string& json, std::size_t most,
            const std::function<void(const std::string& body)>& take);

 private:
  const EndpointOptions& options_;
  RequestBudget& budget_;
  GCancellable* cancellable_;
  HttpClient client_;
};
