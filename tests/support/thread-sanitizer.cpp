/* SPDX-License-Identifier: LGPL-2.1-or-later */

// For tests built with the thread sanitizer: what it has to know of GLib and GStreamer, which are not built with it.
//
// It sees neither that GMutex, GCond and counted references order what threads do (they are futexes and atomic
// operations) nor what asynchronous queues and buses hand over, and would take all that is passed on by them for races.
// The program's functions go before the libraries': each tells the sanitizer and calls the library's own.

#include <gst/gst.h>

#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "support/thread-sanitizer.hpp"

namespace {

using gvl::test::Next;

#define NEXT(name) constinit Next<decltype(::name)> next_##name(#name)
NEXT(g_mutex_lock);
NEXT(g_mutex_trylock);
NEXT(g_mutex_unlock);
NEXT(g_cond_wait);
NEXT(g_cond_wait_until);
NEXT(gst_mini_object_unref);
NEXT(g_object_unref);
NEXT(gst_object_unref);
NEXT(g_async_queue_push);
NEXT(g_async_queue_pop);
NEXT(g_async_queue_try_pop);
NEXT(g_async_queue_timeout_pop);
NEXT(gst_bus_post);
NEXT(gst_memory_init);
NEXT(gst_meta_register);
NEXT(gst_bus_timed_pop_filtered);
#undef NEXT

// GStreamer itself gives up many a last reference to a buffer, where gst_mini_object_unref() below is not asked: who
// let go of the buffer before comes before what then frees its metas.
constexpr int kMostMetas = 16;
GstMetaFreeFunction free_functions[kMostMetas];

template <int number>
UNSEEN void free_meta(GstMeta* meta, GstBuffer* buffer) {
  __tsan_acquire(buffer);
  free_functions[number](meta, buffer);
}

template <int... numbers>
constexpr std::array<GstMetaFreeFunction, kMostMetas> make_wrappers(std::integer_sequence<int, numbers...>) {
  return {free_meta<numbers>...};
}
constexpr auto kWrappers = make_wrappers(std::make_integer_sequence<int, kMostMetas>());

// The same of memory of the elements' own allocator: who unmapped it before comes before what then frees it.
std::once_flag seen_allocator;
GstMemoryUnmapFunction unmap_function;
void (*free_function)(GstAllocator*, GstMemory*);

UNSEEN void unmap_memory(GstMemory* memory) {
  __tsan_release(memory);
  unmap_function(memory);
}

UNSEEN void free_memory(GstAllocator* allocator, GstMemory* memory) {
  __tsan_acquire(memory);
  free_function(allocator, memory);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

UNSEEN void g_mutex_lock(GMutex* mutex) {
  next_g_mutex_lock.get()(mutex);
  __tsan_acquire(mutex);
}

UNSEEN gboolean g_mutex_trylock(GMutex* mutex) {
  const gboolean locked = next_g_mutex_trylock.get()(mutex);
  if (locked) __tsan_acquire(mutex);
  return locked;
}

UNSEEN void g_mutex_unlock(GMutex* mutex) {
  __tsan_release(mutex);
  next_g_mutex_unlock.get()(mutex);
}

UNSEEN void g_cond_wait(GCond* cond, GMutex* mutex) {
  __tsan_release(mutex);
  next_g_cond_wait.get()(cond, mutex);
  __tsan_acquire(mutex);
}

UNSEEN gboolean g_cond_wait_until(GCond* cond, GMutex* mutex, gint64 end_time) {
  __tsan_release(mutex);
  const gboolean signalled = next_g_cond_wait_until.get()(cond, mutex, end_time);
  __tsan_acquire(mutex);
  return signalled;
}

UNSEEN void gst_mini_object_unref(GstMiniObject* object) {
  __tsan_acquire(object);
  __tsan_release(object);
  next_gst_mini_object_unref.get()(object);
}

UNSEEN void g_object_unref(gpointer object) {
  __tsan_acquire(object);
  __tsan_release(object);
  next_g_object_unref.get()(object);
}

UNSEEN void gst_object_unref(gpointer object) {
  __tsan_acquire(object);
  __tsan_release(object);
  next_gst_object_unref.get()(object);
}

UNSEEN void g_async_queue_push(GAsyncQueue* queue, gpointer data) {
  __tsan_release(queue);
  next_g_async_queue_push.get()(queue, data);
}

UNSEEN void gst_memory_init(GstMemory* memory, GstMemoryFlags flags, GstAllocator* allocator, GstMemory* parent,
                            gsize maxsize, gsize align, gsize offset, gsize size) {
  std::call_once(seen_allocator, [allocator] {
    unmap_function = std::exchange(allocator->mem_unmap, unmap_memory);
    free_function = std::exchange(GST_ALLOCATOR_GET_CLASS(allocator)->free, free_memory);
  });
  next_gst_memory_init.get()(memory, flags, allocator, parent, maxsize, align, offset, size);
}

UNSEEN gpointer g_async_queue_pop(GAsyncQueue* queue) {
  const gpointer data = next_g_async_queue_pop.get()(queue);
  __tsan_acquire(queue);
  return data;
}

UNSEEN gpointer g_async_queue_try_pop(GAsyncQueue* queue) {
  const gpointer data = next_g_async_queue_try_pop.get()(queue);
  __tsan_acquire(queue);
  return data;
}

UNSEEN gpointer g_async_queue_timeout_pop(GAsyncQueue* queue, guint64 timeout) {
  const gpointer data = next_g_async_queue_timeout_pop.get()(queue, timeout);
  __tsan_acquire(queue);
  return data;
}

UNSEEN gboolean gst_bus_post(GstBus* bus, GstMessage* message) {
  __tsan_release(bus);
  return next_gst_bus_post.get()(bus, message);
}

UNSEEN GstMessage* gst_bus_timed_pop_filtered(GstBus* bus, GstClockTime timeout, GstMessageType types) {
  GstMessage* message = next_gst_bus_timed_pop_filtered.get()(bus, timeout, types);
  __tsan_acquire(bus);
  return message;
}

UNSEEN const GstMetaInfo* gst_meta_register(GType api, const gchar* impl, gsize size, GstMetaInitFunction init,
                                            GstMetaFreeFunction free, GstMetaTransformFunction transform) {
  static std::atomic<int> registered{0};
  const int number = free ? registered++ : kMostMetas;
  if (number < kMostMetas) {
    free_functions[number] = free;
    free = kWrappers[number];
  }
  return next_gst_meta_register.get()(api, impl, size, init, free, transform);
}

UNSEEN GstMessage* gst_bus_timed_pop(GstBus* bus, GstClockTime timeout) {
  return gst_bus_timed_pop_filtered(bus, timeout, GST_MESSAGE_ANY);
}

UNSEEN GstMessage* gst_bus_pop_filtered(GstBus* bus, GstMessageType types) {
  return gst_bus_timed_pop_filtered(bus, 0, types);
}

UNSEEN GstMessage* gst_bus_pop(GstBus* bus) { return gst_bus_timed_pop_filtered(bus, 0, GST_MESSAGE_ANY); }
}
#pragma GCC visibility pop
