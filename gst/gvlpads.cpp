/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlpads.hpp"

namespace gvl::gst {

void add_request_pad(GstElement* element, GstPad* pad) {
  if (GST_STATE(element) > GST_STATE_READY || GST_STATE_NEXT(element) > GST_STATE_READY) gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element, pad);
}

void remove_request_pad(GstElement* element, GstPad* pad) {
  gst_pad_set_active(pad, FALSE);
  gst_element_remove_pad(element, pad);
}

void add_ghost_pad(GstElement* bin, const char* name, GstElement* child, const char* of_child) {
  GstPad* target = child ? gst_element_get_static_pad(child, of_child) : nullptr;
  GstPadTemplate* pad_template = gst_element_get_pad_template(bin, name);
  gst_element_add_pad(bin, target ? gst_ghost_pad_new_from_template(name, target, pad_template)
                                  : gst_ghost_pad_new_no_target_from_template(name, pad_template));
  gst_clear_object(&target);
}

}  // namespace gvl::gst
