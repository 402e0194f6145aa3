/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlspatialencoder
 * @title: gvlspatialencoder
 * @short_description: encodes what the keyframe of a segment shows
 *
 * Reads the tensor `gvl/spatial-pixels` of each segment and attaches `gvl/spatial-features`: what the model's image
 * encoder (CLIP of the published models) makes of its keyframes, pooled. Buffers pass at once; the tensor is pending
 * until the model has computed it. Any caps will do, encoded video included, as long as buffers carry the segments'
 * metas.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter model=MODEL_DIR ! \
 *   gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query="the picture goes black" ! fakesink
 * ]|
 *
 * Since: 0.2
 */

#include "gvlspatialencoder.h"

GST_DEBUG_CATEGORY_STATIC(gvl_spatial_encoder_debug);
#define GST_CAT_DEFAULT gvl_spatial_encoder_debug

using gvl::gst::InFlight;

struct _GvlSpatialEncoder {
  GvlFilter parent;
};

G_DEFINE_TYPE_WITH_CODE(GvlSpatialEncoder, gvl_spatial_encoder, GVL_TYPE_FILTER,
                        GST_DEBUG_CATEGORY_INIT(gvl_spatial_encoder_debug, "gvlspatialencoder", 0,
                                                "gvlspatialencoder element"))
GST_ELEMENT_REGISTER_DEFINE(gvlspatialencoder, "gvlspatialencoder", GST_RANK_NONE, GVL_TYPE_SPATIAL_ENCODER)

static gboolean gvl_spatial_encoder_process(GvlFilter* filter, GstBuffer* buffer, GvlSegmentMeta* segment) {
  auto& stream = gvl::gst::filter_stream(filter);
  auto pixels = stream.input(buffer, GVL_TENSOR_SPATIAL_PIXELS, segment->index);
  const auto model = pixels.valid() ? stream.model() : nullptr;
  if (!model) return FALSE;
  const auto& config = model->config();
  auto features = model->encode_spatial(std::move(pixels), stream.cancellation());
  GST_LOG_OBJECT(filter, "submitted segment %" G_GUINT64_FORMAT, segment->index);
  stream.attach(buffer, GVL_TENSOR_SPATIAL_FEATURES, InFlight::Kind::kSegment, segment->index,
                {config.spatial_tokens(), config.spatial_width()}, std::move(features));
  return TRUE;
}

static void gvl_spatial_encoder_class_init(GvlSpatialEncoderClass* klass) {
  GVL_FILTER_CLASS(klass)->process = GST_DEBUG_FUNCPTR(gvl_spatial_encoder_process);
  gst_element_class_set_static_metadata(
      GST_ELEMENT_CLASS(klass), "Grounded-VideoLLM spatial encoder", "Filter/Analyzer/Video",
      "Encodes the keyframes of each segment with the model's image encoder and attaches the features", GVL_AUTHOR);
}

static void gvl_spatial_encoder_init(GvlSpatialEncoder* self) {
  gvl::gst::filter_stream(GVL_FILTER(self))
      .declare({{{GVL_TENSOR_SPATIAL_PIXELS, "gvlsegmenter"}}, {GVL_TENSOR_SPATIAL_FEATURES}});
}
