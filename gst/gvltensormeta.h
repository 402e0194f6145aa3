/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gvl-export.h"

G_BEGIN_DECLS

/**
 * GvlTensorMeta:
 * @meta: the parent
 * @id: what it is
 * @data_type: of its elements
 * @segment: index of the segment (gvl/video-tokens: of the window) that the tensor belongs to
 * @num_dims: how many dimensions it has
 * @dims: their sizes, outermost first
 * @data: row-major, tightly packed; the meta's
 *
 * A tensor that travels on a buffer.
 *
 * It has the shape of GStreamer 1.26's GstTensor: an identifier, an element type, dimensions, and row-major data in a
 * GstBuffer. A buffer may carry several. The meta has no tags and is copied, sharing the data, by every transformation,
 * so that it survives buffer copies, converters, scalers, encoders and decoders.
 *
 * A tensor may be pending: type and dimensions are known, the data are still being computed. Mapping the data for
 * reading waits for them, and fails when they could not be computed; gvl_tensor_meta_wait() waits and says why.
 * Never do either on a streaming thread of a live pipeline. Metas are read under the rules of the buffer they are on;
 * the data of a tensor never change and may be mapped from any thread.
 */

#define GVL_TENSOR_MAX_DIMS 8

/* What the elements attach; `segment` of the last one is the index of a window. */
#define GVL_TENSOR_SPATIAL_PIXELS "gvl/spatial-pixels"       /* uint8 [keyframes, S, S, 3], of a segment */
#define GVL_TENSOR_TEMPORAL_PIXELS "gvl/temporal-pixels"     /* uint8 [n, S', S', 3]: all its samples */
#define GVL_TENSOR_SPATIAL_FEATURES "gvl/spatial-features"   /* float32 [P, D] */
#define GVL_TENSOR_TEMPORAL_FEATURES "gvl/temporal-features" /* float32 [n * P', D'] */
#define GVL_TENSOR_SEGMENT_TOKENS "gvl/segment-tokens"       /* float32 [L, H] */
#define GVL_TENSOR_VIDEO_TOKENS "gvl/video-tokens"           /* float32 [K * L, H] */

typedef enum {
  GVL_TENSOR_DATA_TYPE_BOOL,
  GVL_TENSOR_DATA_TYPE_UINT8,
  GVL_TENSOR_DATA_TYPE_INT8,
  GVL_TENSOR_DATA_TYPE_INT16,
  GVL_TENSOR_DATA_TYPE_INT32,
  GVL_TENSOR_DATA_TYPE_INT64,
  GVL_TENSOR_DATA_TYPE_FLOAT16,
  GVL_TENSOR_DATA_TYPE_BFLOAT16,
  GVL_TENSOR_DATA_TYPE_FLOAT32,
  GVL_TENSOR_DATA_TYPE_FLOAT64
} GvlTensorDataType;

typedef struct _GvlTensorMeta GvlTensorMeta;

struct _GvlTensorMeta {
  GstMeta meta;

  GQuark id;
  GvlTensorDataType data_type;
  guint64 segment;
  gsize num_dims;
  gsize dims[GVL_TENSOR_MAX_DIMS];
  GstBuffer* data;
};

#define GVL_TENSOR_META_API_TYPE (gvl_tensor_meta_api_get_type())
#define GVL_TENSOR_META_INFO (gvl_tensor_meta_get_info())

GVL_API GType gvl_tensor_meta_api_get_type(void);
GVL_API const GstMetaInfo* gvl_tensor_meta_get_info(void);

/**
 * gvl_tensor_data_type_get_size:
 * @data_type: of elements
 *
 * Returns: bytes per element
 */
GVL_API gsize gvl_tensor_data_type_get_size(GvlTensorDataType data_type);

/**
 * gvl_buffer_add_tensor_meta:
 * @buffer: a writable buffer
 * @id: what it is
 * @segment: the segment, or window, that it belongs to
 * @data_type: of its elements
 * @num_dims: how many dimensions it has
 * @dims: (array length=num_dims): their sizes, outermost first
 * @data: (transfer full): as many bytes as type and dimensions say
 *
 * Attaches a tensor.
 *
 * Returns: (transfer none) (nullable): the meta, which is the buffer's; %NULL where @data are of another size
 */
GVL_API GvlTensorMeta* gvl_buffer_add_tensor_meta(GstBuffer* buffer, GQuark id, guint64 segment,
                                                  GvlTensorDataType data_type, gsize num_dims, const gsize* dims,
                                                  GstBuffer* data);

/**
 * gvl_buffer_get_tensor_meta:
 * @buffer: a buffer
 * @id: what it is
 *
 * Returns: (transfer none) (nullable): the first tensor of that name on it
 */
GVL_API GvlTensorMeta* gvl_buffer_get_tensor_meta(GstBuffer* buffer, GQuark id);

/**
 * gvl_buffer_get_tensor_meta_of_segment:
 * @buffer: a buffer
 * @id: what it is
 * @segment: the segment, or window
 *
 * Returns: (transfer none) (nullable): the tensor of that name that belongs to it
 */
GVL_API GvlTensorMeta* gvl_buffer_get_tensor_meta_of_segment(GstBuffer* buffer, GQuark id, guint64 segment);

/**
 * gvl_tensor_meta_is_ready:
 * @meta: a tensor
 *
 * Returns: whether the data can be had without waiting, or it is certain that they cannot be had
 */
GVL_API gboolean gvl_tensor_meta_is_ready(const GvlTensorMeta* meta);

/**
 * gvl_tensor_meta_wait:
 * @meta: a tensor
 * @error: why it could not be computed: #GstCoreError, #GstResourceError or #GstStreamError by the kind of failure, and
 *   %G_IO_ERROR_CANCELLED when it was cancelled
 *
 * Waits until the tensor is computed.
 *
 * Returns: %FALSE with @error set when it could not be
 */
GVL_API gboolean gvl_tensor_meta_wait(const GvlTensorMeta* meta, GError** error);

G_END_DECLS
