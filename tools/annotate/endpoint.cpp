/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotate/endpoint.hpp"

#include <cstdio>

#include "common/quantities.hpp"
#include "gvl/error.hpp"

void Endpoint::post(const std::string& path, const std::string& json, std::size_t most,
                    const std::function<void(const std::string& body)>& take) {
  const auto tell = [](const std::string& why, double seconds) {
    std::fprintf(stderr, "%s; again in %s\n", why.c_str(), duration_text(seconds).c_str());
  };
  with_retries(
      options_.retries, cancellable_, [] { return 0; }, tell,
      [&] {
        budget_.take();
        const std::string body = client_.post(options_.address + path, json, most);
        try {
          take(body);
        } catch (const gvl::Error& error) {
          throw HttpError(error.what(), true);
        }
      });
}
