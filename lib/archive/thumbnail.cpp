/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/thumbnail.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

// Needs what cstdio declares.
#include <jpeglib.h>

#include "gvl/error.hpp"

namespace gvl::archive {

namespace {

constexpr int kQuality = 40;

/** What libjpeg, which is C, calls where it cannot go on. */
struct Failure {
  jpeg_error_mgr manager;  // first: libjpeg knows no more of it
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

void on_error(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  failure->manager.format_message(info, failure->message);
  std::longjmp(failure->back, 1);
}

/** Nothing in here has a destructor, which a jump back would not run. False, and the message, where it failed. */
bool compress(const std::uint8_t* pixels, unsigned side, unsigned char** jpeg, unsigned long* bytes, Failure& failure) {
  jpeg_compress_struct info;
  info.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = on_error;
  failure.manager.output_message = [](j_common_ptr) {};
  jpeg_create_compress(&info);
  if (setjmp(failure.back) != 0) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_mem_dest(&info, jpeg, bytes);
  info.image_width = info.image_height = side;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, kQuality, TRUE);
  // Of so small a picture the tables that are made for any are the larger half.
  info.optimize_coding = TRUE;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < side) {
    auto* row = const_cast<JSAMPROW>(pixels + std::size_t{info.next_scanline} * side * 3);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace

std::string thumbnail_of(const RgbView& picture, std::int64_t side) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(side * side * 3));
  resize_and_crop(picture, side, pixels);
  unsigned char* jpeg = nullptr;
  unsigned long bytes = 0;
  Failure failure;
  const bool made = compress(pixels.data(), static_cast<unsigned>(side), &jpeg, &bytes, failure);
  const std::unique_ptr<unsigned char, decltype(&std::free)> owned(jpeg, std::free);
  if (!made) throw Error(ErrorCode::kResource, std::string("a picture cannot be made: ") + failure.message);
  return {reinterpret_cast<const char*>(jpeg), bytes};
}

}  // namespace gvl::archive
