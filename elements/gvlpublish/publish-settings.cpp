/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish-settings.hpp"

namespace gvl::gst {

/**
 * GvlPublish:uri:
 *
 * Where events go. Its scheme says by which protocol. It has no user and no password in it.
 *
 * Since: 0.2
 */

/**
 * GvlPublish:spool-location:
 *
 * The file that keeps undelivered events. One element at a time uses it.
 *
 * Since: 0.2
 */

/**
 * GvlPublish:spool-max-bytes:
 *
 * How many bytes of events may wait. Beyond that the oldest is dropped for each new one.
 *
 * Since: 0.2
 */

/**
 * GvlPublish:credentials-file:
 *
 * A key file that has a user and a password, or a token. It is read on the way to PAUSED.
 *
 * Since: 0.2
 */

/**
 * GvlPublish:ca-file:
 *
 * Certificates of those who may sign the server's, as PEM.
 *
 * Since: 0.2
 */

/**
 * GvlPublish:timeout:
 *
 * How long one event may take, connecting included, in seconds. Then it is tried again.
 *
 * Since: 0.2
 */

/**
 * GvlPublish:drain-timeout:
 *
 * How long the end of the stream waits for what is not delivered yet, in nanoseconds.
 *
 * Since: 0.2
 */

/**
 * GvlPublish:stats:
 *
 * Counts since the start, and what waits now: a structure whose fields are named in its description.
 *
 * Since: 0.2
 */

void install_publish_properties(GObjectClass* klass, Locked<PublishSettings> (*settings_of)(GObject*)) {
  PropertyTable table(klass, settings_of, GST_PARAM_MUTABLE_READY);
  table.text({"uri", "URI",
              "Where events go: mqtt://HOST/TOPIC, mqtts://HOST/TOPIC, http://..., https://..., file:///PATH or "
              "unix:/PATH. Without a user and a password: see credentials-file"},
             &PublishSettings::uri);
  table.text({"spool-location", "Spool location",
              "The file that keeps the events that are not delivered yet, also from one start to the next; NULL: they "
              "are kept in memory, and lost with it"},
             &PublishSettings::spool_location);
  table.number({"spool-max-bytes", "Spool size",
                "How many bytes of events may wait; beyond that the oldest is dropped for each new one, which is a "
                "warning and is counted"},
               &PublishSettings::spool_max_bytes, Range<guint64>{1, G_MAXINT64});
  table.text({"credentials-file", "Credentials file",
              "A key file with user and password, or token, in its group [credentials]; NULL: the variables "
              "GVL_PUBLISH_USER, GVL_PUBLISH_PASSWORD and GVL_PUBLISH_TOKEN"},
             &PublishSettings::credentials_file);
  table.text({"ca-file", "CA file",
              "Certificates (PEM) of those who may sign the server's; NULL: those that the system trusts"},
             &PublishSettings::ca_file);
  table.number({"timeout", "Timeout", "How long a server may take for an event, connecting included, in s"},
               &PublishSettings::timeout, Range<guint>{1, 3600});
  table.number({"drain-timeout", "Drain timeout",
                "How long the end of the stream waits until all events are delivered, in ns; what is not delivered "
                "then stays in spool-location"},
               &PublishSettings::drain_timeout, Range<guint64>{0, G_MAXINT64});
}

}  // namespace gvl::gst
