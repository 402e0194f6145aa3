/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvltensormeta.hpp"

#include <algorithm>

#include "gvlerror.hpp"
#include "gvlmetas.hpp"
#include "gvlpendingmemory.hpp"

#ifdef GVL_HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

static void clear_meta(GvlTensorMeta* self) { gst_clear_buffer(&self->data); }

static gboolean copy_meta(GstBuffer* destination, const GvlTensorMeta* source) {
  auto* copy = gvl::gst::add_meta<GvlTensorMeta>(destination, GVL_TENSOR_META_INFO);
  if (!copy) return FALSE;
  const GstMeta blank = copy->meta;
  *copy = *source;
  copy->meta = blank;
  gst_buffer_ref(copy->data);
  return TRUE;
}

GType gvl_tensor_meta_api_get_type(void) {
  static const GType type = gvl::gst::register_meta_api("GvlTensorMetaAPI");
  return type;
}

const GstMetaInfo* gvl_tensor_meta_get_info(void) {
  static const GstMetaInfo* const info =
      gvl::gst::register_meta<GvlTensorMeta, clear_meta, copy_meta>(GVL_TENSOR_META_API_TYPE, "GvlTensorMeta");
  return info;
}

gsize gvl_tensor_data_type_get_size(GvlTensorDataType data_type) {
  return gvl::size_of(static_cast<gvl::DataType>(data_type));
}

#ifdef GVL_HAVE_ANALYTICS
static GstTensorDataType analytics_type(GvlTensorDataType type) {
  switch (type) {
    case GVL_TENSOR_DATA_TYPE_BOOL:
    case GVL_TENSOR_DATA_TYPE_UINT8:
      return GST_TENSOR_DATA_TYPE_UINT8;
    case GVL_TENSOR_DATA_TYPE_INT8:
      return GST_TENSOR_DATA_TYPE_INT8;
    case GVL_TENSOR_DATA_TYPE_INT16:
      return GST_TENSOR_DATA_TYPE_INT16;
    case GVL_TENSOR_DATA_TYPE_INT32:
      return GST_TENSOR_DATA_TYPE_INT32;
    case GVL_TENSOR_DATA_TYPE_INT64:
      return GST_TENSOR_DATA_TYPE_INT64;
    case GVL_TENSOR_DATA_TYPE_FLOAT16:
      return GST_TENSOR_DATA_TYPE_FLOAT16;
    case GVL_TENSOR_DATA_TYPE_BFLOAT16:
      return GST_TENSOR_DATA_TYPE_BFLOAT16;
    case GVL_TENSOR_DATA_TYPE_FLOAT32:
      return GST_TENSOR_DATA_TYPE_FLOAT32;
    case GVL_TENSOR_DATA_TYPE_FLOAT64:
      return GST_TENSOR_DATA_TYPE_FLOAT64;
  }
  g_return_val_if_reached(GST_TENSOR_DATA_TYPE_UINT8);
}

// The same tensor, in the form that GStreamer's own analytics elements read.
static void add_analytics_tensor(GstBuffer* buffer, const GvlTensorMeta* meta) {
  if (meta->num_dims == 0) return;
  gsize dims[GVL_TENSOR_MAX_DIMS];
  std::copy_n(meta->dims, meta->num_dims, dims);
  GstTensor* tensor = gst_tensor_new_simple(meta->id, analytics_type(meta->data_type), gst_buffer_ref(meta->data),
                                            GST_TENSOR_DIM_ORDER_ROW_MAJOR, meta->num_dims, dims);
  if (!tensor) return;
  GstTensor** tensors = g_new(GstTensor*, 1);
  tensors[0] = tensor;
  gst_tensor_meta_set(gst_buffer_add_tensor_meta(buffer), 1, tensors);
}
#else
static void add_analytics_tensor(GstBuffer*, const GvlTensorMeta*) {}
#endif

GvlTensorMeta* gvl_buffer_add_tensor_meta(GstBuffer* buffer, GQuark id, guint64 segment, GvlTensorDataType data_type,
                                          gsize num_dims, const gsize* dims, GstBuffer* data) {
  gsize bytes = gvl_tensor_data_type_get_size(data_type);
  gboolean fits = num_dims <= GVL_TENSOR_MAX_DIMS;
  for (gsize i = 0; fits && i < num_dims; ++i) fits = g_size_checked_mul(&bytes, bytes, dims[i]);
  if (!fits || gst_buffer_get_size(data) != bytes) {
    gst_buffer_unref(data);
    g_return_val_if_fail(num_dims <= GVL_TENSOR_MAX_DIMS, nullptr);
    g_return_val_if_fail(!"the data's size is not what type and dimensions say", nullptr);
  }
  auto* meta = gvl::gst::add_meta<GvlTensorMeta>(buffer, GVL_TENSOR_META_INFO);
  meta->id = id;
  meta->data_type = data_type;
  meta->segment = segment;
  meta->num_dims = num_dims;
  std::copy_n(dims, num_dims, meta->dims);
  meta->data = data;
  add_analytics_tensor(buffer, meta);
  return meta;
}

template <typename Matches>
static GvlTensorMeta* find_tensor(GstBuffer* buffer, Matches matches) {
  const auto tensors = gvl::gst::metas_of<GvlTensorMeta>(buffer, GVL_TENSOR_META_API_TYPE);
  const auto found = std::find_if(tensors.begin(), tensors.end(), matches);
  return found == tensors.end() ? nullptr : *found;
}

GvlTensorMeta* gvl_buffer_get_tensor_meta(GstBuffer* buffer, GQuark id) {
  return find_tensor(buffer, [id](const GvlTensorMeta* meta) { return meta->id == id; });
}

GvlTensorMeta* gvl_buffer_get_tensor_meta_of_segment(GstBuffer* buffer, GQuark id, guint64 segment) {
  return find_tensor(buffer,
                     [id, segment](const GvlTensorMeta* meta) { return meta->id == id && meta->segment == segment; });
}

static const gvl::Future<gvl::Tensor>* pending_future(const GvlTensorMeta* meta) {
  if (gst_buffer_n_memory(meta->data) != 1) return nullptr;
  return gvl::gst::pending_memory_future(gst_buffer_peek_memory(meta->data, 0));
}

gboolean gvl_tensor_meta_is_ready(const GvlTensorMeta* meta) {
  const auto* future = pending_future(meta);
  return !future || future->ready();
}

gboolean gvl_tensor_meta_wait(const GvlTensorMeta* meta, GError** error) {
  const auto* future = pending_future(meta);
  if (!future) return TRUE;
  try {
    future->get();
    return TRUE;
  } catch (...) {
    gvl::gst::set_error(error, std::current_exception());
    return FALSE;
  }
}

namespace gvl::gst {

GvlTensorMeta* add_pending_tensor(GstBuffer* buffer, const char* id, guint64 segment, DataType type,
                                  const std::vector<std::int64_t>& shape, Future<Tensor> future) {
  gsize bytes = size_of(type);
  for (const auto dim : shape) bytes *= static_cast<gsize>(dim);
  const std::vector<gsize> dims(shape.begin(), shape.end());
  GstBuffer* data = gst_buffer_new();
  gst_buffer_append_memory(data, pending_memory_new(std::move(future), bytes));
  return gvl_buffer_add_tensor_meta(buffer, g_quark_from_string(id), segment, static_cast<GvlTensorDataType>(type),
                                    dims.size(), dims.data(), data);
}

namespace {

Future<Tensor> map_foreign(const GvlTensorMeta* meta) {
  struct Mapping {
    GstBuffer* buffer = nullptr;
    GstMapInfo map{};
    ~Mapping() {
      if (!buffer) return;
      gst_buffer_unmap(buffer, &map);
      gst_buffer_unref(buffer);
    }
  };
  auto mapping = std::make_shared<Mapping>();
  if (!gst_buffer_map(meta->data, &mapping->map, GST_MAP_READ)) {
    Promise<Tensor> broken;
    broken.set_error(std::make_exception_ptr(
        Error(ErrorCode::kUnsupported, std::string("tensor ") + g_quark_to_string(meta->id) + " cannot be read")));
    return broken.future();
  }
  mapping->buffer = gst_buffer_ref(meta->data);
  const auto* bytes = reinterpret_cast<const std::byte*>(mapping->map.data);
  return Future<Tensor>::of(Tensor{static_cast<DataType>(meta->data_type),
                                   {meta->dims, meta->dims + meta->num_dims},
                                   std::shared_ptr<const std::byte>(std::move(mapping), bytes)});
}

}  // namespace

Future<Tensor> tensor_future(const GvlTensorMeta* meta) {
  if (const auto* future = pending_future(meta)) return *future;
  return map_foreign(meta);
}

}  // namespace gvl::gst
