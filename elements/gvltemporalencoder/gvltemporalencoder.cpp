/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvltemporalencoder
 * @title: gvltemporalencoder
 * @short_description: encodes what happens in a segment
 *
 * Reads the tensor `gvl/temporal-pixels` of each segment and attaches `gvl/temporal-features`: what the model's
 * InternVideo2 video transformer makes of all the segment's samples together, pooled. Buffers pass at once; the tensor
 * is pending until the model has computed it. Any caps will do, encoded video included, as long as buffers carry the
 * segments' metas.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter model=MODEL_DIR ! \
 *   gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query="the picture goes black" ! fakesink
 * ]|
 *
 * Since: 0.2
 */

#include "gvltemporalencoder.h"

GST_DEBUG_CATEGORY_STATIC(gvl_temporal_encoder_debug);
#define GST_CAT_DEFAULT gvl_temporal_encoder_debug

using gvl::gst::InFlight;

struct _GvlTemporalEncoder {
  GvlFilter parent;
};

G_DEFINE_TYPE_WITH_CODE(GvlTemporalEncoder, gvl_temporal_encoder, GVL_TYPE_FILTER,
                        GST_DEBUG_CATEGORY_INIT(gvl_temporal_encoder_debug, "gvltemporalencoder", 0,
                                                "gvltemporalencoder element"))
GST_ELEMENT_REGISTER_DEFINE(gvltemporalencoder, "gvltemporalencoder", GST_RANK_NONE, GVL_TYPE_TEMPORAL_ENCODER)

static gboolean gvl_temporal_encoder_process(GvlFilter* filter, GstBuffer* buffer, GvlSegmentMeta* segment) {
  auto& stream = gvl::gst::filter_stream(filter);
  auto pixels = stream.input(buffer, GVL_TENSOR_TEMPORAL_PIXELS, segment->index);
  const auto model = pixels.valid() ? stream.model() : nullptr;
  if (!model) return FALSE;
  const auto& config = model->config();
  auto features = model->encode_temporal(std::move(pixels), stream.cancellation());
  GST_LOG_OBJECT(filter, "submitted segment %" G_GUINT64_FORMAT, segment->index);
  stream.attach(buffer, GVL_TENSOR_TEMPORAL_FEATURES, InFlight::Kind::kSegment, segment->index,
                {config.temporal_tokens_per_segment(), config.temporal_width()}, std::move(features));
  return TRUE;
}

static void gvl_temporal_encoder_class_init(GvlTemporalEncoderClass* klass) {
  GVL_FILTER_CLASS(klass)->process = GST_DEBUG_FUNCPTR(gvl_temporal_encoder_process);
  gst_element_class_set_static_metadata(
      GST_ELEMENT_CLASS(klass), "Grounded-VideoLLM temporal encoder", "Filter/Analyzer/Video",
      "Encodes the samples of each segment with the model's InternVideo2 transformer and attaches the features",
      GVL_AUTHOR);
}

static void gvl_temporal_encoder_init(GvlTemporalEncoder* self) {
  gvl::gst::filter_stream(GVL_FILTER(self))
      .declare({{{GVL_TENSOR_TEMPORAL_PIXELS, "gvlsegmenter"}}, {GVL_TENSOR_TEMPORAL_FEATURES}});
}
