/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotate/endpoint.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "common/quantities.hpp"
#include "gvl/error.hpp"

void Endpoint::post(const std::string& path, const std::string& json, std::size_t most,
                    const std::function<void(const std::string& body)>& take) {
  // A server may repeat the token, and what it says goes into files. A shorter one may be a word of an answer.
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
        std::string body = client_.post(options_.address + path, json, most);
        if (options_.http.token.size() >= kSecret) body = client_.without_token(std::move(body));
        try {
          take(body);
        } catch (const gvl::Error& error) {
          throw HttpError(client_.without_token(error.what()), true);
        }
      });
}
