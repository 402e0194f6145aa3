/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/sound.hpp"

namespace {

constexpr const char* kPads = "audio_%u";
// The video beside it is decoded, drawn on and encoded: what a file has interleaved waits for that here.
constexpr const char* kQueue = "queue max-size-bytes=0 max-size-buffers=0 max-size-time=0";

bool is_raw(const GstCaps* caps) { return gst_structure_has_name(gst_caps_get_structure(caps, 0), "audio/x-raw"); }

GstCaps* caps_of_pads(GstElementFactory* factory) {
  const GList* pads = factory ? gst_element_factory_get_static_pad_templates(factory) : nullptr;
  for (; pads; pads = pads->next) {
    auto* pad = static_cast<GstStaticPadTemplate*>(pads->data);
    if (g_str_equal(pad->name_template, kPads)) return gst_static_pad_template_get_caps(pad);
  }
  return gst_caps_new_empty();
}

/** What makes of sound as a file has it what is taken; empty where there is none. */
std::string parser_for(const GstCaps* caps, const GstCaps* taken) {
  GList* all = gst_element_factory_list_get_elements(
      GST_ELEMENT_FACTORY_TYPE_PARSER | GST_ELEMENT_FACTORY_TYPE_MEDIA_AUDIO, GST_RANK_MARGINAL);
  all = g_list_sort(all, gst_plugin_feature_rank_compare_func);
  GList* fitting = gst_element_factory_list_filter(all, caps, GST_PAD_SINK, FALSE);
  std::string name;
  for (GList* item = fitting; item && name.empty(); item = item->next) {
    auto* factory = static_cast<GstElementFactory*>(item->data);
    if (gst_element_factory_can_src_any_caps(factory, taken)) name = GST_OBJECT_NAME(factory);
  }
  gst_plugin_feature_list_free(fitting);
  gst_plugin_feature_list_free(all);
  return name;
}

/** Parsers know it, and make nothing else of it. */
bool is_fixed_in_its_form(const GstCaps* caps) {
  const char* form = gst_structure_get_string(gst_caps_get_structure(caps, 0), "stream-format");
  return g_strcmp0(form, "loas") == 0;
}

}  // namespace

Sound::Sound(GstElement* consumer, const SoundTarget& target, GstClockTime longest)
    : consumer_(consumer), target_(gst_bin_get_by_name(GST_BIN(consumer), target.element.c_str())), longest_(longest) {
  GstElementFactory* factory = target.muxer.empty()
                                   ? GST_ELEMENT_FACTORY(gst_object_ref(gst_element_get_factory(target_)))
                                   : gst_element_factory_find(target.muxer.c_str());
  taken_.reset(caps_of_pads(factory));
  if (factory) gst_object_unref(factory);
}

Sound::~Sound() { gst_object_unref(target_); }

bool Sound::keeps(const GstCaps* caps) const {
  if (is_raw(caps)) return true;
  // What takes anything encodes it itself.
  if (gst_caps_is_any(taken_.get())) return false;
  if (is_fixed_in_its_form(caps)) return gst_caps_can_intersect(caps, taken_.get());
  return !parser_for(caps, taken_.get()).empty() || gst_caps_can_intersect(caps, taken_.get());
}

/** The first that is installed and makes what is taken. */
std::string Sound::encoder() const {
  for (const char* name : {"opusenc", "vorbisenc", "avenc_aac", "voaacenc"}) {
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(name);
    if (factory && gst_element_factory_can_src_any_caps(factory, taken_.get())) return name;
  }
  return {};
}

std::string Sound::chain_for(const GstCaps* caps) const {
  if (!is_raw(caps)) {
    const std::string parser = parser_for(caps, taken_.get());
    return parser.empty() ? kQueue : parser + " ! " + kQueue;
  }
  const std::string raw = "audioconvert ! audioresample ! ";
  g_autoptr(GstCaps) any_raw = gst_caps_new_empty_simple("audio/x-raw");
  if (gst_caps_can_intersect(any_raw, taken_.get())) return raw + kQueue;
  const std::string encoder = this->encoder();
  return encoder.empty() ? "" : raw + encoder + " ! " + kQueue;
}

bool Sound::link(GstPad* pad, const std::string& chain) {
  g_autoptr(GstElement) bin = gst_parse_bin_from_description(chain.c_str(), TRUE, nullptr);
  if (!bin) return false;
  gst_object_ref_sink(bin);
  g_autoptr(GstPad) target = gst_element_request_pad_simple(target_, kPads);
  if (!target) return false;
  gst_bin_add(GST_BIN(consumer_), bin);
  g_autoptr(GstPad) in = gst_element_get_static_pad(bin, "sink");
  g_autoptr(GstPad) out = gst_element_get_static_pad(bin, "src");
  GstPad* ghost = gst_ghost_pad_new(nullptr, in);
  gst_pad_set_active(ghost, TRUE);
  gst_element_add_pad(consumer_, ghost);
  watches_.emplace_back(in, longest_);
  gst_element_sync_state_with_parent(bin);
  return gst_pad_link(out, target) == GST_PAD_LINK_OK && gst_pad_link(pad, ghost) == GST_PAD_LINK_OK;
}

void Sound::link(GstPad* pad) {
  g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
  if (!caps) caps = gst_pad_query_caps(pad, nullptr);
  const std::string chain = chain_for(caps);
  if (!chain.empty() && link(pad, chain)) return;
  GST_ELEMENT_WARNING(consumer_, STREAM, FORMAT,
                      ("a track of its sound, %s, is left out: the file's format does not take it",
                       gst_structure_get_name(gst_caps_get_structure(caps, 0))),
                      ("%" GST_PTR_FORMAT, caps));
}
