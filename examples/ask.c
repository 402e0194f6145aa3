/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An application in C: asks about a video, and one more question in between.
 *
 *   cc ask.c -o ask $(pkg-config --cflags --libs gstgvl-1.0)
 *   ask VIDEO QUERY QUESTION     prints the events, and what is answered to the question
 *   ask EVENTS.jsonl             prints the events of a file
 *
 * The model is the default one, or that of the folder GVL_MODEL.
 */

#include <gst/gst.h>
#include <gst/gvl/gvlcontext.h>
#include <gst/gvl/gvlevent.h>

typedef struct {
  GstElement* ground;
  const gchar* question;
  guint64 asked; /* what `ask` returned; 0: it was not asked yet */
  gboolean answered, ended;
  GError* error;
} Session;

static void print_event(const GstStructure* event) {
  guint64 start = 0, stop = 0;
  gdouble confidence = 0;
  const gchar* query = gst_structure_get_string(event, "query");
  if (!gst_structure_get(event, "start", G_TYPE_UINT64, &start, "stop", G_TYPE_UINT64, &stop, NULL)) return;
  gst_structure_get_double(event, "confidence", &confidence);
  g_print("%s: %.2f s to %.2f s, confidence %.2f\n", query, start / 1e9, stop / 1e9, confidence);
}

static int print_file(const gchar* file) {
  GError* error = NULL;
  GPtrArray* events = gvl_events_load(file, &error);
  if (!events) {
    g_printerr("%s\n", error->message);
    g_error_free(error);
    return 1;
  }
  for (guint i = 0; i < events->len; ++i) print_event(g_ptr_array_index(events, i));
  g_ptr_array_unref(events);
  return 0;
}

/* The first window is complete once something is said about it: then it can be asked about. */
static void ask_once(Session* session) {
  if (session->asked) return;
  g_signal_emit_by_name(session->ground, "ask", session->question, "qa", &session->asked);
}

static void hear(Session* session, GstMessage* message) {
  const GstStructure* event = gvl_event_parse_message(message);
  const GstStructure* answer = gvl_answer_parse_message(message);
  guint64 id = 0;
  if (event) print_event(event);
  if (answer && gst_structure_get_uint64(answer, "ask-id", &id) && id == session->asked) {
    g_print("%s %s\n", session->question, gst_structure_get_string(answer, "text"));
    session->answered = TRUE;
  }
  if (event || answer) ask_once(session);
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) session->ended = TRUE;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) gst_message_parse_error(message, &session->error, NULL);
}

/* The elements find the model in the pipeline's context: an application loads it once for all its pipelines. */
static gboolean set_model(GstElement* pipeline, GError** error) {
  GstContext* model = gvl_model_context_load(g_getenv("GVL_MODEL"), NULL, error);
  if (!model) return FALSE;
  gst_element_set_context(pipeline, model);
  gst_context_unref(model);
  return TRUE;
}

static void play(Session* session, GstElement* pipeline) {
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  while (!session->error && !(session->ended && (session->answered || !session->asked))) {
    GstMessage* message = gst_bus_timed_pop(bus, GST_CLOCK_TIME_NONE);
    hear(session, message);
    gst_message_unref(message);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
}

static int ask(const gchar* video, const gchar* query, const gchar* question) {
  Session session = {.question = question};
  GstElement* pipeline = gst_parse_launch("filesrc name=source ! decodebin ! gvlground name=ground ! fakesink", &session.error);
  if (pipeline && !session.error) {
    GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    session.ground = gst_bin_get_by_name(GST_BIN(pipeline), "ground");
    g_object_set(source, "location", video, NULL);
    g_object_set(session.ground, "query", query, NULL);
    if (set_model(pipeline, &session.error)) play(&session, pipeline);
    gst_object_unref(source);
    gst_object_unref(session.ground);
  }
  if (pipeline) gst_object_unref(pipeline);
  if (session.error) g_printerr("%s\n", session.error->message);
  const int code = session.error ? 1 : 0;
  g_clear_error(&session.error);
  return code;
}

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc == 2) return print_file(argv[1]);
  if (argc == 4) return ask(argv[1], argv[2], argv[3]);
  g_printerr("usage: ask VIDEO QUERY QUESTION, or ask EVENTS.jsonl\n");
  return 1;
}
