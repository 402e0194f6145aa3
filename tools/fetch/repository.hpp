/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/http_client.hpp"

/** A file that a repository lists. */
struct RemoteFile {
  std::string path;       ///< "ckpt/a.pth": never leads out of the folder that it is put in
  std::int64_t size = 0;  ///< bytes
  std::string sha256;     ///< in hexadecimal digits; empty for small files, which have the next
  std::string git_sha1;   ///< of "blob SIZE\0" and the content, as git has it
};

/**
 * A revision of a model repository on a server with Hugging Face's interface. Throws as HttpClient does, and
 * gvl::Error(kMalformed) naming URL and value where an answer has another form.
 */
class Repository {
 public:
  /** Asks the server which commit the revision is, so that all files are of one. */
  Repository(HttpClient& client, std::string endpoint, std::string name, const std::string& revision);

  /** All its files. */
  std::vector<RemoteFile> list(HttpClient& client) const;
  std::string url_of(const RemoteFile& file) const;
  const std::string& commit() const noexcept { return commit_; }

 private:
  std::string endpoint_, name_, commit_;
};
