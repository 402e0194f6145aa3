/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "index-settings.hpp"

#include <gst/gst.h>

namespace gvl::gst {

using archive::TokenType;

namespace {

GType index_type_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(TokenType::kInt16), "16 bits a value", "int16"},
      {static_cast<int>(TokenType::kInt10), "10 bits a value", "int10"},
      {static_cast<int>(TokenType::kInt8), "8 bits a value", "int8"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GvlIndexType", values);
  return type;
}

}  // namespace

/**
 * GvlIndexer:index:
 *
 * The folder of the index. It is made where there is none. Without it nothing is kept.
 *
 * Since: 0.2
 */

/**
 * GvlIndexer:source-id:
 *
 * What the stream is called in the index.
 *
 * Since: 0.2
 */

/**
 * GvlIndexer:index-utc:
 *
 * When the stream's time 0 was, in UTC. A live stream says it itself.
 *
 * Since: 0.2
 */

/**
 * GvlIndexer:index-type:
 *
 * What tokens are stored as. Fewer bits take less room and lose more (docs/archive.md).
 *
 * Since: 0.2
 */

/**
 * GvlIndexer:index-days:
 *
 * Days of the stream that are older are removed from the index.
 *
 * Since: 0.2
 */

/**
 * GvlIndexer:index-bytes:
 *
 * The oldest days of the stream are removed while all take more bytes.
 *
 * Since: 0.2
 */

/**
 * GvlIndexer:stats:
 *
 * Counts since the start: a structure whose fields are named in its description.
 *
 * Since: 0.2
 */

void install_index_properties(GObjectClass* klass, Locked<IndexSettings> (*settings_of)(GObject*)) {
  PropertyTable table(klass, settings_of, GST_PARAM_MUTABLE_READY);
  table.text({"index", "Index",
              "A folder in which each segment's tokens and each event are kept, to be asked later (gvl-ask); empty: "
              "none are"},
             &IndexSettings::index);
  table.text({"source-id", "Source's id",
              "What the stream is called in the index; empty: the name of gvlground, or of this element"},
             &IndexSettings::source_id);
  table.text({"index-utc", "UTC of the index",
              "When the stream's time 0 was, in ISO 8601 with a zone, for recordings; empty: as the stream says"},
             &IndexSettings::utc);
  table.enumeration({"index-type", "Type of the index", "What tokens are stored as"}, &IndexSettings::type,
                    index_type_get_type());
  table.number({"index-days", "Days of the index", "After how many days the stream's days are removed (0: never)"},
               &IndexSettings::days, Range<int>{0, 36500});
  table.number({"index-bytes", "Bytes of the index",
                "How many bytes the stream's days may take before the oldest are removed (0: any)"},
               &IndexSettings::bytes, Range<guint64>{0, G_MAXINT64});
  gst_type_mark_as_plugin_api(index_type_get_type(), static_cast<GstPluginAPIFlags>(0));
}

}  // namespace gvl::gst
