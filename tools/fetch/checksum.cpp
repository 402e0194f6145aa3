/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/checksum.hpp"

#include <memory>
#include <string>
#include <vector>

#include "gvl/error.hpp"

bool is_as_listed(const std::filesystem::path& path, const RemoteFile& file, GCancellable* cancellable,
                  const std::function<void(std::int64_t bytes)>& progress) {
  constexpr std::size_t kBlock = 1 << 20;
  const bool is_large = !file.sha256.empty();
  g_autoptr(GChecksum) sum = g_checksum_new(is_large ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1);
  if (!is_large) {
    const std::string header = "blob " + std::to_string(file.size) + '\0';
    g_checksum_update(sum, reinterpret_cast<const guchar*>(header.data()), static_cast<gssize>(header.size()));
  }
  g_autoptr(GFile) source = g_file_new_for_path(path.c_str());
  g_autoptr(GError) error = nullptr;
  g_autoptr(GFileInputStream) stream = g_file_read(source, cancellable, &error);
  std::vector<guchar> block(kBlock);
  gssize got = stream ? 1 : -1;
  while (got > 0) {
    got = g_input_stream_read(G_INPUT_STREAM(stream), block.data(), block.size(), cancellable, &error);
    if (got > 0) g_checksum_update(sum, block.data(), got);
    if (got > 0) progress(got);
  }
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) throw Interrupted();
  if (error) throw gvl::Error(gvl::ErrorCode::kResource, path.string() + ": " + error->message);
  return g_checksum_get_string(sum) == (is_large ? file.sha256 : file.git_sha1);
}
