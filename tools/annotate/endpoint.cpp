/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotate/endpoint.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/quantities.hpp"
#include "common/usage.hpp"
#include "gvl/error.hpp"

namespace {

/**
 * Why an answer cannot be taken, of an answer without secrets: what is quoted of it may be cut, and a part of a secret
 * would not be found.
 */
std::string fault_of(const std::string& body, const std::string& clean, const gvl::Error& error,
                     const std::function<void(const std::string&)>& take) {
  if (clean == body) return error.what();
  try {
    take(clean);
  } catch (const gvl::Error& same) {
    return same.what();
  }
  return "the answer is another one without what is secret";
}

}  // namespace

std::string url_under(const std::string& address, const std::string& path) {
  const std::size_t end = address.find_first_of("?#");
  const std::string query = address.substr(std::min(end, address.size()));
  return without_slash(address.substr(0, end)) + path + query.substr(0, query.find('#'));
}

void Endpoint::post(const std::string& path, const std::string& json, std::size_t most,
                    const std::function<void(const std::string& body)>& take) {
  // A server may repeat secrets, and what it says goes into files. A shorter one may be a word of an answer.
  constexpr std::size_t kSecret = 16;
  const auto tell = [](const std::string& why, double seconds) {
    // In place of the line that says how far it is.
    const char* start = isatty(STDERR_FILENO) ? "\r\033[K" : "";
    std::fprintf(stderr, "%s%s; again in %s\n", start, why.c_str(), duration_text(seconds).c_str());
  };
  with_retries(
      options_.retries, cancellable_, [] { return 0; }, tell,
      [&] {
        budget_.take();
        std::string body = client_.post(url_under(options_.address, path), json, most);
        body = client_.without_own_secrets(std::move(body), kSecret);
        try {
          take(body);
        } catch (const gvl::Error& error) {
          throw HttpError(fault_of(body, client_.without_own_secrets(body), error, take), true);
        }
      });
}
