/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fake-model.hpp"
#include "stream.hpp"

namespace gvl::test {

/** The launch line of the five elements; what is written behind it is set on the last one. */
inline const std::string kFive =
    "gvlsegmenter name=s ! gvlspatialencoder name=spatial ! gvltemporalencoder name=temporal ! "
    "gvlfuser name=f ! gvlgroundedllm name=l query=when ";

/** A model whose jobs the test controls, and a stream's options with it. */
struct Setup {
  std::shared_ptr<FakeModel> model = std::make_shared<FakeModel>();
  StreamOptions options;

  explicit Setup(std::optional<GstClockTime> duration = GST_SECOND, bool live = false) {
    options.model = model;
    options.duration = duration;
    options.live = live;
  }
};

using Structures = std::vector<std::shared_ptr<GstStructure>>;

/** The gvl-events among the stream's events so far, and whether the end of the stream came. */
Structures take_stream_events(Stream& stream, bool* eos = nullptr);

/** The next gvl-event on the bus, waited for. */
std::shared_ptr<GstStructure> wait_event(Stream& stream);

/** Takes all buffers that are there. */
void drop_buffers(Stream& stream);

}  // namespace gvl::test
