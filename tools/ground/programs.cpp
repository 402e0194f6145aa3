/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/programs.hpp"

#include <algorithm>
#include <string>

namespace {

constexpr std::size_t kPacket = 188;
constexpr std::size_t kStrides[] = {188, 192, 204};  // alone, with a timestamp before it, with parity behind it
constexpr guint8 kSync = 0x47;
constexpr std::size_t kLongestRest = 2 * 204;
constexpr std::size_t kHeader = 8, kChecksum = 4, kEntry = 4;

/** CRC-32/MPEG-2; 0 of a section with its checksum. */
guint32 checksum(const guint8* bytes, std::size_t count) {
  guint32 sum = 0xffffffff;
  for (std::size_t i = 0; i < count; ++i) {
    sum ^= static_cast<guint32>(bytes[i]) << 24;
    for (int bit = 0; bit < 8; ++bit) sum = (sum << 1) ^ ((sum & 0x80000000) != 0 ? 0x04c11db7 : 0);
  }
  return sum;
}

/** From one packet's start to the next; 0 where none starts at `at`, or that cannot be known yet. */
std::size_t stride_at(const std::vector<guint8>& bytes, std::size_t at) {
  if (bytes[at] != kSync) return 0;
  for (const std::size_t stride : kStrides)
    if (at + stride < bytes.size() && bytes[at + stride] == kSync) return stride;
  return 0;
}

std::string listed(const std::vector<int>& programs) {
  std::string text;
  for (const int program : programs) text += (text.empty() ? "" : ", ") + std::to_string(program);
  return text;
}

}  // namespace

// ---- the table --------------------------------------------------------------------------------------------------

void ProgramTableReader::restart() {
  rest_.clear();
  section_.clear();
  collecting_ = false;
}

std::optional<std::vector<int>> ProgramTableReader::read(const guint8* bytes, std::size_t count) {
  rest_.insert(rest_.end(), bytes, bytes + count);
  std::size_t at = 0;
  while (at + kStrides[0] < rest_.size()) {
    const std::size_t stride = stride_at(rest_, at);
    if (stride != 0) take_packet(rest_.data() + at);
    // A packet at the end, whose next one is not there yet, waits for it.
    if (stride == 0 && rest_.size() - at <= kLongestRest && rest_[at] == kSync) break;
    at += std::max<std::size_t>(stride, 1);
  }
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(at));
  std::vector<int> programs;
  for (const auto& section : sections_) {
    if (!section) return std::nullopt;
    programs.insert(programs.end(), section->begin(), section->end());
  }
  if (sections_.empty()) return std::nullopt;
  return programs;
}

void ProgramTableReader::take_packet(const guint8* packet) {
  const int identifier = (packet[1] & 0x1f) << 8 | packet[2];
  const bool starts = (packet[1] & 0x40) != 0, is_damaged = (packet[1] & 0x80) != 0;
  const bool has_adaptation = (packet[3] & 0x20) != 0, has_payload = (packet[3] & 0x10) != 0;
  if (identifier != 0 || !has_payload || is_damaged) return;
  std::size_t at = 4 + (has_adaptation ? 1u + packet[4] : 0u);
  if (starts && at < kPacket) {
    at += 1u + packet[at];
    section_.clear();
    collecting_ = true;
  }
  if (!collecting_ || at >= kPacket) return;
  section_.insert(section_.end(), packet + at, packet + kPacket);
  take_section();
}

void ProgramTableReader::take_section() {
  if (section_.size() < kHeader) return;
  const std::size_t length = 3 + (static_cast<std::size_t>(section_[1] & 0x0f) << 8 | section_[2]);
  if (section_.size() < length) return;
  collecting_ = false;
  const std::size_t number = section_[6], count = section_[7] + 1u;
  const bool is_current = (section_[5] & 1) != 0;
  if (section_[0] != 0 || length < kHeader + kChecksum || number >= count || !is_current ||
      checksum(section_.data(), length) != 0)
    return;
  std::vector<int> programs;
  for (std::size_t at = kHeader; at + kEntry + kChecksum <= length; at += kEntry)
    if (const int program = section_[at] << 8 | section_[at + 1]; program != 0) programs.push_back(program);
  sections_.resize(count);
  sections_[number] = std::move(programs);
}

// ---- the choice -------------------------------------------------------------------------------------------------

struct ProgramChoice::Demuxer {
  ProgramChoice* choice;
  GstElement* element;  ///< owns the pad with the probe
  guint64 next_offset = GST_BUFFER_OFFSET_NONE;
  ProgramTableReader reader;
};

ProgramChoice::ProgramChoice(GstElement* pipeline, std::optional<int> program)
    : pipeline_(GST_ELEMENT(gst_object_ref(pipeline))), program_(program) {
  signal_ = g_signal_connect(pipeline_, "deep-element-added", G_CALLBACK(on_element), this);
}

ProgramChoice::~ProgramChoice() {
  g_signal_handler_disconnect(pipeline_, signal_);
  gst_object_unref(pipeline_);
}

void ProgramChoice::on_element(GstBin*, GstBin*, GstElement* element, gpointer self) {
  GstElementFactory* factory = gst_element_get_factory(element);
  if (!factory || g_strcmp0(GST_OBJECT_NAME(factory), "tsdemux") != 0) return;
  g_autoptr(GstPad) sink = gst_element_get_static_pad(element, "sink");
  gst_pad_add_probe(sink, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
                    on_data, new Demuxer{static_cast<ProgramChoice*>(self), element, GST_BUFFER_OFFSET_NONE, {}},
                    [](gpointer demuxer) { delete static_cast<Demuxer*>(demuxer); });
}

GstPadProbeReturn ProgramChoice::on_data(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* demuxer = static_cast<Demuxer*>(data);
  std::optional<std::vector<int>> programs;
  const auto take = [&](GstBuffer* buffer) {
    if (!buffer || GST_BUFFER_OFFSET(buffer) != demuxer->next_offset) demuxer->reader.restart();
    GstMapInfo map;
    if (programs || !buffer || !gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
    demuxer->next_offset =
        GST_BUFFER_OFFSET_IS_VALID(buffer) ? GST_BUFFER_OFFSET(buffer) + map.size : GST_BUFFER_OFFSET_NONE;
    programs = demuxer->reader.read(map.data, map.size);
    gst_buffer_unmap(buffer, &map);
  };
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
    for (guint i = 0; i < gst_buffer_list_length(list); ++i) take(gst_buffer_list_get(list, i));
  } else {
    take(GST_PAD_PROBE_INFO_BUFFER(info));
  }
  if (!programs) return GST_PAD_PROBE_OK;
  demuxer->choice->choose(demuxer->element, *programs);
  return GST_PAD_PROBE_REMOVE;
}

/** Before the demuxer itself reads the table: the probe has the bytes first. */
void ProgramChoice::choose(GstElement* demuxer, const std::vector<int>& programs) {
  if (programs.empty()) return;
  chosen_ = true;
  if (program_ && std::find(programs.begin(), programs.end(), *program_) == programs.end()) {
    GST_ELEMENT_ERROR(demuxer, STREAM, DEMUX, ("has no program %d; it has %s", *program_, listed(programs).c_str()),
                      (nullptr));
    return;
  }
  g_object_set(demuxer, "program-number", program_.value_or(programs.front()), nullptr);
  if (program_ || programs.size() == 1) return;
  gst_element_post_message(
      demuxer, gst_message_new_element(GST_OBJECT(demuxer), gst_structure_new("gvl-programs", "programs", G_TYPE_STRING,
                                                                              listed(programs).c_str(), "program",
                                                                              G_TYPE_INT, programs.front(), nullptr)));
}
