/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "five.hpp"

#include "gvlevent.h"

namespace gvl::test {

Structures take_stream_events(Stream& stream, bool* eos) {
  Structures found;
  if (eos) *eos = false;
  while (gst_harness_events_in_queue(stream.harness())) {
    GstEvent* event = gst_harness_pull_event(stream.harness());
    const auto* answer = gvl_answer_parse_event(event);
    if (const auto* structure = answer ? answer : gvl_event_parse_event(event))
      found.emplace_back(gst_structure_copy(structure), gst_structure_free);
    if (eos && GST_EVENT_TYPE(event) == GST_EVENT_EOS) *eos = true;
    gst_event_unref(event);
  }
  return found;
}

std::shared_ptr<GstStructure> wait_event(Stream& stream) {
  for (;;) {
    GstMessage* message = stream.wait_message(GST_MESSAGE_ELEMENT);
    std::shared_ptr<GstStructure> event;
    const auto* answer = gvl_answer_parse_message(message);
    if (const auto* structure = answer ? answer : gvl_event_parse_message(message))
      event.reset(gst_structure_copy(structure), gst_structure_free);
    gst_message_unref(message);
    if (event) return event;
  }
}

void drop_buffers(Stream& stream) {
  while (GstBuffer* buffer = stream.try_pull()) gst_buffer_unref(buffer);
}

}  // namespace gvl::test
