/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlpublish
 * @title: gvlpublish
 * @short_description: sends events to a broker, a server, a socket or a file
 *
 * A sink for the pad `events` of gvlground and gvlgroundedllm. Each event is one line of JSON there, and one message
 * here, of which #GvlPublish:uri says where it goes:
 *
 * - `mqtt://HOST[:PORT]/TOPIC`, `mqtts://...`: it is published with QoS 1, and delivered when the broker acknowledges.
 * - `http://...`, `https://...`: it is the body of a POST, and delivered when the server answers with a status of 2xx.
 * - `file:///PATH`: it is appended as a line, and delivered when the disk has it.
 * - `unix:/PATH`: it is written as a line to a stream socket, and delivered when the other side has read it.
 *
 * Events are delivered in order and at least once: where an acknowledgement is lost, an event comes twice. Until then
 * they are in a spool, a file (#GvlPublish:spool-location) or memory. It holds at most #GvlPublish:spool-max-bytes;
 * beyond that the oldest is dropped for each new one, which a warning says and `stats` counts. What a file holds at the
 * end is delivered after the next start.
 *
 * The streaming thread only hands events on. At the end of the stream, the message EOS is held back until all is
 * delivered, or #GvlPublish:drain-timeout is over. Going to READY waits for nobody.
 *
 * A user and a password, or a token, are read from #GvlPublish:credentials-file or from the environment. They are in no
 * property and in no message.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=VIDEO ! decodebin ! gvlground name=g query="the picture goes black" ! fakesink \
 *   g.events ! gvlpublish uri=mqtt://localhost/studio/events spool-location=events.spool
 * ]|
 *
 * Since: 0.2
 */

#include "gvlpublish.h"

#include <memory>
#include <mutex>
#include <string>

#include "gvl/error.hpp"
#include "gvlguard.hpp"
#include "gvlproperties.hpp"
#include "publish-settings.hpp"
#include "publisher.hpp"

GST_DEBUG_CATEGORY_STATIC(gvl_publish_debug);
#define GST_CAT_DEFAULT gvl_publish_debug

namespace {

using gvl::gst::Locked;
using gvl::gst::Publisher;
using gvl::gst::PublishSettings;

using MessagePointer = std::unique_ptr<GstMessage, decltype(&gst_message_unref)>;

struct PublishState {
  explicit PublishState(GstElement* element) : publisher(element) {}

  std::mutex mutex;  // guards what follows
  PublishSettings settings;
  MessagePointer end{nullptr, gst_message_unref};  // EOS, while events are to be delivered

  Publisher publisher;  // goes first: its threads use the rest
};

}  // namespace

struct _GvlPublish {
  GstBaseSink parent;
  PublishState* state;
};

G_DEFINE_TYPE_WITH_CODE(GvlPublish, gvl_publish, GST_TYPE_BASE_SINK,
                        GST_DEBUG_CATEGORY_INIT(gvl_publish_debug, "gvlpublish", 0, "gvlpublish element"))
GST_ELEMENT_REGISTER_DEFINE(gvlpublish, "gvlpublish", GST_RANK_NONE, GVL_TYPE_PUBLISH)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("application/x-json"));

static PublishState& state_of(gpointer self) { return *GVL_PUBLISH(self)->state; }

static GstFlowReturn gvl_publish_render(GstBaseSink* sink, GstBuffer* buffer) {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR(sink, STREAM, FAILED, ("An event cannot be read."), (nullptr));
    return GST_FLOW_ERROR;
  }
  std::string lines(reinterpret_cast<const char*>(map.data), map.size);
  gst_buffer_unmap(buffer, &map);
  state_of(sink).publisher.take(std::move(lines));
  return GST_FLOW_OK;
}

// ---- the end ----------------------------------------------------------------------------------------------------

static void post_end(GvlPublish* self) {
  auto& state = state_of(self);
  MessagePointer end{nullptr, gst_message_unref};
  {
    std::lock_guard lock(state.mutex);
    end = std::move(state.end);
  }
  if (end) GST_ELEMENT_CLASS(gvl_publish_parent_class)->post_message(GST_ELEMENT(self), end.release());
}

/** The base class posts EOS when the events have come; that they are delivered is waited for here. */
static gboolean gvl_publish_post_message(GstElement* element, GstMessage* message) {
  auto* self = GVL_PUBLISH(element);
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS)
    return GST_ELEMENT_CLASS(gvl_publish_parent_class)->post_message(element, message);
  auto& state = state_of(self);
  {
    std::lock_guard lock(state.mutex);
    state.end.reset(message);
  }
  state.publisher.drain([self] { post_end(self); });
  return TRUE;
}

static void forget_end(PublishState& state) {
  state.publisher.stop_draining();
  std::lock_guard lock(state.mutex);
  state.end.reset();
}

static gboolean gvl_publish_event(GstBaseSink* sink, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP || GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START)
    forget_end(state_of(sink));
  return GST_BASE_SINK_CLASS(gvl_publish_parent_class)->event(sink, event);
}

// ---- element ----------------------------------------------------------------------------------------------------

static bool start(GvlPublish* self) try {
  auto& state = state_of(self);
  PublishSettings settings;
  {
    std::lock_guard lock(state.mutex);
    settings = state.settings;
    state.end.reset();
  }
  state.publisher.start(settings);
  return true;
} catch (const gvl::Error& error) {
  GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", error.what()), (nullptr));
  return false;
}

static GstStateChangeReturn gvl_publish_change_state(GstElement* element, GstStateChange transition) {
  auto* self = GVL_PUBLISH(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start(self)) return GST_STATE_CHANGE_FAILURE;
  const auto result = GST_ELEMENT_CLASS(gvl_publish_parent_class)->change_state(element, transition);
  const bool failed = transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY || failed) {
    forget_end(state_of(self));
    state_of(self).publisher.stop();
  }
  return result;
}

static GstStructure* stats_of(GObject* self) { return state_of(self).publisher.stats(); }

static void gvl_publish_finalize(GObject* object) {
  delete GVL_PUBLISH(object)->state;
  G_OBJECT_CLASS(gvl_publish_parent_class)->finalize(object);
}

static Locked<PublishSettings> settings_of(GObject* object) {
  auto& state = state_of(object);
  return {std::unique_lock(state.mutex), state.settings};
}

static void gvl_publish_class_init(GvlPublishClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  auto* base_sink_class = GST_BASE_SINK_CLASS(klass);

  object_class->finalize = gvl_publish_finalize;
  element_class->post_message = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_publish_post_message>);
  element_class->change_state = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_publish_change_state>);
  base_sink_class->event = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_publish_event>);
  base_sink_class->render = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_publish_render>);
  gvl::gst::install_publish_properties(object_class, settings_of);
  gvl::gst::install_stats(object_class,
                          "Since the start (guint64 each): events received, delivered, waiting, bytes waiting, tries "
                          "that failed, events dropped for want of room, refused by the other side, no JSON; and "
                          "whether the last try reached it (gboolean)",
                          stats_of);

  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_set_static_metadata(element_class, "Grounded-VideoLLM publisher", "Sink/Network",
                                        "Sends events to an MQTT broker, a webhook, a socket or a file, at least once",
                                        GVL_AUTHOR);
}

static void gvl_publish_init(GvlPublish* self) {
  self->state = new PublishState(GST_ELEMENT(self));
  auto* sink = GST_BASE_SINK(self);
  gst_base_sink_set_sync(sink, FALSE);
  gst_base_sink_set_last_sample_enabled(sink, FALSE);
  // Hours may pass until an event comes: nobody waits for the first.
  gst_base_sink_set_async_enabled(sink, FALSE);
}
