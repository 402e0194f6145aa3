/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlpendingmemory.hpp"

#include "gvlguard.hpp"

namespace {

using gvl::Future;
using gvl::Tensor;

struct PendingMemory {
  GstMemory memory;
  Future<Tensor>* future;
};

}  // namespace

typedef struct {
  GstAllocator parent;
} GvlPendingAllocator;

typedef struct {
  GstAllocatorClass parent_class;
} GvlPendingAllocatorClass;

static GType gvl_pending_allocator_get_type();

G_DEFINE_TYPE(GvlPendingAllocator, gvl_pending_allocator, GST_TYPE_ALLOCATOR)

static gpointer gvl_pending_memory_map(GstMemory* memory, gsize size, GstMapFlags flags) {
  const Future<Tensor>& future = *reinterpret_cast<PendingMemory*>(memory)->future;
  try {
    const Tensor& tensor = future.get();
    if (tensor.bytes() != memory->maxsize) {
      GST_ERROR("the tensor has %" G_GSIZE_FORMAT " bytes instead of %" G_GSIZE_FORMAT, tensor.bytes(),
                memory->maxsize);
      return nullptr;
    }
    return const_cast<std::byte*>(tensor.map());
  } catch (const std::exception& error) {
    GST_INFO("the tensor was not computed: %s", error.what());
    return nullptr;
  }
}

static void gvl_pending_memory_unmap(GstMemory*) {}

static GstMemory* gvl_pending_memory_share(GstMemory*, gssize, gssize) { return nullptr; }

static void gvl_pending_allocator_free(GstAllocator*, GstMemory* memory) {
  auto* pending = reinterpret_cast<PendingMemory*>(memory);
  delete pending->future;
  delete pending;
}

static GstMemory* gvl_pending_allocator_alloc(GstAllocator*, gsize, GstAllocationParams*) {
  g_warning("pending memory is only made from a future");
  return nullptr;
}

static void gvl_pending_allocator_class_init(GvlPendingAllocatorClass* klass) {
  GST_ALLOCATOR_CLASS(klass)->alloc = gvl_pending_allocator_alloc;
  GST_ALLOCATOR_CLASS(klass)->free = gvl_pending_allocator_free;
}

static void gvl_pending_allocator_init(GvlPendingAllocator* self) {
  auto* allocator = GST_ALLOCATOR(self);
  allocator->mem_type = "GvlPendingMemory";
  allocator->mem_map = gvl::gst::guarded<gvl_pending_memory_map>;
  allocator->mem_unmap = gvl_pending_memory_unmap;
  allocator->mem_share = gvl_pending_memory_share;
  GST_OBJECT_FLAG_SET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

static GstAllocator* the_allocator() {
  static GstAllocator* const allocator = [] {
    auto* made = GST_ALLOCATOR(gst_object_ref_sink(g_object_new(gvl_pending_allocator_get_type(), nullptr)));
    // It lives as long as the process: the leaks tracer need not report it.
    GST_OBJECT_FLAG_SET(made, GST_OBJECT_FLAG_MAY_BE_LEAKED);
    return made;
  }();
  return allocator;
}

namespace gvl::gst {

GstMemory* pending_memory_new(Future<Tensor> future, gsize size) {
  auto* pending = new PendingMemory{{}, new Future<Tensor>(std::move(future))};
  constexpr auto flags = static_cast<GstMemoryFlags>(GST_MEMORY_FLAG_READONLY | GST_MEMORY_FLAG_NO_SHARE);
  gst_memory_init(GST_MEMORY_CAST(pending), flags, the_allocator(), nullptr, size, 0, 0, size);
  return GST_MEMORY_CAST(pending);
}

const Future<Tensor>* pending_memory_future(GstMemory* memory) {
  if (memory->allocator != the_allocator()) return nullptr;
  return reinterpret_cast<PendingMemory*>(memory)->future;
}

}  // namespace gvl::gst
