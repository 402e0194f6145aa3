/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlground
 * @title: gvlground
 * @short_description: answers questions about video with the times of what it names
 *
 * A bin of gvlsegmenter, gvlspatialencoder, gvltemporalencoder, gvlfuser, gvlgroundedllm and gvlindexer, for one-line
 * use. It has their properties; see there. Video of any raw format passes unchanged, and events come out as element
 * messages on the bus, as events in the stream and as buffers on the pad `events`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! gvlground model=MODEL_DIR \
 *   query="the picture goes black" ! fakesink
 * ]|
 * |[
 * gst-launch-1.0 filesrc location=VIDEO ! decodebin ! gvlground name=g model=MODEL_DIR task=dense-caption ! fakesink \
 *   g.events ! application/x-json ! filesink location=events.jsonl
 * ]|
 *
 * Since: 0.2
 */

#include "gvlground.h"

#include "gvlgroundedllm/gvlgroundedllm.h"
#include "gvlguard.hpp"
#include "gvlindexer/gvlindexer.h"
#include "gvlpads.hpp"
#include "gvlproperties.hpp"
#include "gvlsegmenter/gvlsegmenter.h"

GST_DEBUG_CATEGORY_STATIC(gvl_ground_debug);
#define GST_CAT_DEFAULT gvl_ground_debug

struct _GvlGround {
  GstBin parent;
  GstElement* segmenter;  // owned by the bin, like the next
  GstElement* llm;
  GstElement* indexer;
};

G_DEFINE_TYPE_WITH_CODE(GvlGround, gvl_ground, GST_TYPE_BIN,
                        GST_DEBUG_CATEGORY_INIT(gvl_ground_debug, "gvlground", 0, "gvlground element"))
GST_ELEMENT_REGISTER_DEFINE(gvlground, "gvlground", GST_RANK_NONE, GVL_TYPE_GROUND)

static GObject* segmenter_of(GObject* self) { return G_OBJECT(GVL_GROUND(self)->segmenter); }
static GObject* llm_of(GObject* self) { return G_OBJECT(GVL_GROUND(self)->llm); }
static GObject* indexer_of(GObject* self) { return G_OBJECT(GVL_GROUND(self)->indexer); }

/**
 * GvlGround:stats:
 *
 * The statistics of gvlsegmenter, gvlgroundedllm and gvlindexer in one structure.
 *
 * Since: 0.2
 */

static GstStructure* stats_of(GObject* self) {
  GstStructure* all = nullptr;
  g_object_get(segmenter_of(self), "stats", &all, nullptr);
  gst_structure_set_name(all, "gvlground-stats");
  const auto add = [](GQuark field, const GValue* value, gpointer into) -> gboolean {
    gst_structure_id_set_value(static_cast<GstStructure*>(into), field, value);
    return TRUE;
  };
  for (GObject* element : {llm_of(self), indexer_of(self)}) {
    GstStructure* more = nullptr;
    g_object_get(element, "stats", &more, nullptr);
    gst_structure_foreach(more, add, all);
    gst_structure_free(more);
  }
  return all;
}

static guint64 gvl_ground_ask(GvlGround* self, const gchar* query, const gchar* task) {
  guint64 id = 0;
  g_signal_emit_by_name(self->llm, "ask", query, task, &id);
  return id;
}

static GstPad* gvl_ground_request_new_pad(GstElement* element, GstPadTemplate* pad_template, const gchar* name,
                                          const GstCaps* caps) {
  GstPad* target = gst_element_request_pad_simple(GVL_GROUND(element)->llm, "events");
  if (!target) return nullptr;
  GstPad* ghost = gst_ghost_pad_new_from_template("events", target, pad_template);
  gst_object_unref(target);
  gst_pad_set_active(ghost, TRUE);
  gst_element_add_pad(element, ghost);
  return ghost;
}

// A push that does not come back holds the ghost pad's other half: to deactivate that would wait for it.
static bool pushes(GstPad* ghost) {
  auto* half = GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(ghost)));
  const bool free = g_rec_mutex_trylock(GST_PAD_GET_STREAM_LOCK(half));
  if (free) g_rec_mutex_unlock(GST_PAD_GET_STREAM_LOCK(half));
  gst_object_unref(half);
  return !free;
}

static void gvl_ground_release_pad(GstElement* element, GstPad* pad) {
  if (GstPad* target = gst_ghost_pad_get_target(GST_GHOST_PAD(pad))) {
    gst_element_release_request_pad(GVL_GROUND(element)->llm, target);
    gst_object_unref(target);
  }
  if (!pushes(pad)) gst_pad_set_active(pad, FALSE);
  gst_element_remove_pad(element, pad);
}

// What the elements inside say, this bin says: applications know no other.
static void gvl_ground_handle_message(GstBin* bin, GstMessage* message) {
  constexpr int said =
      GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_INFO | GST_MESSAGE_PROGRESS;
  if (GST_MESSAGE_TYPE(message) & said) {
    message = gst_message_make_writable(message);
    gst_object_replace(&GST_MESSAGE_SRC(message), GST_OBJECT(bin));
  }
  GST_BIN_CLASS(gvl_ground_parent_class)->handle_message(bin, message);
}

static GstStaticPadTemplate pad_templates[] = {
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)")),
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)")),
    GST_STATIC_PAD_TEMPLATE("events", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(GVL_GROUNDED_LLM_EVENTS_CAPS))};

static void gvl_ground_class_init(GvlGroundClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);

  GST_BIN_CLASS(klass)->handle_message = GST_DEBUG_FUNCPTR(gvl_ground_handle_message);
  element_class->request_new_pad = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_ground_request_new_pad>);
  element_class->release_pad = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_ground_release_pad>);

  // The model's are those of the element that asks it: all share one.
  gvl::gst::forward_properties(object_class, GVL_TYPE_GROUNDED_LLM, llm_of);
  gvl::gst::forward_properties(object_class, GVL_TYPE_SEGMENTER, segmenter_of);
  gvl::gst::forward_properties(object_class, GVL_TYPE_INDEXER, indexer_of);
  gvl_grounded_llm_install_ask(object_class, G_CALLBACK(gvl_ground_ask));
  gvl::gst::install_stats(object_class, "The statistics of gvlsegmenter, gvlgroundedllm and gvlindexer together",
                          stats_of);
  for (auto& pad_template : pad_templates) gst_element_class_add_static_pad_template(element_class, &pad_template);
  gst_element_class_set_static_metadata(
      element_class, "Grounded-VideoLLM", "Filter/Analyzer/Video/Bin",
      "Answers queries in plain language about video with events that say when what they describe happens", GVL_AUTHOR);
}

static void gvl_ground_init(GvlGround* self) {
  const gchar* factories[] = {"gvlsegmenter", "gvlspatialencoder", "gvltemporalencoder",
                              "gvlfuser",     "gvlgroundedllm",    "gvlindexer"};
  GstElement* element = GST_ELEMENT(self);
  GstElement* previous = nullptr;
  for (const gchar* factory : factories) {
    GstElement* child = gst_element_factory_make(factory, factory);
    g_return_if_fail(child != nullptr);
    gst_bin_add(GST_BIN(self), child);
    if (previous) gst_element_link(previous, child);
    if (!previous) self->segmenter = child;
    if (g_str_equal(factory, "gvlgroundedllm")) self->llm = child;
    previous = child;
  }
  self->indexer = previous;
  // Both call the stream the same.
  g_object_bind_property(self->llm, "source-id", self->indexer, "source-id", G_BINDING_SYNC_CREATE);
  gvl::gst::add_ghost_pad(element, "sink", self->segmenter, "sink");
  gvl::gst::add_ghost_pad(element, "src", self->indexer, "src");
}
