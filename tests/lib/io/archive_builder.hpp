/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gvl::io::test {

/** Little-endian bytes of an integer. */
template <typename T>
std::string packed(T value) {
  std::string out;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xFF);
  }
  return out;
}

struct ZipEntry {
  std::string name;
  std::string data;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
};

/** Builds zip files, well-formed unless a field is set otherwise. */
struct ZipBuilder {
  std::vector<ZipEntry> entries;
  bool zip64 = false;                    ///< all sizes and offsets in ZIP64 records
  std::uint64_t local_shift = 0;         ///< added to the entries' offsets
  std::uint64_t size_shift = 0;          ///< added to the entries' sizes
  std::uint64_t directory_shift = 0;     ///< added to the directory's offset
  std::uint64_t extra_entries = 0;       ///< added to the number of entries
  std::uint64_t zip64_record_shift = 0;  ///< added to the ZIP64 end record's offset
  std::string comment;

  std::string build() const {
    std::string out;
    std::string directory;
    for (const ZipEntry& entry : entries) {
      directory += directory_entry(entry, out.size() + local_shift);
      out += "PK\x03\x04" + packed<std::uint16_t>(45) + packed(entry.flags) + packed(entry.method) +
             packed<std::uint32_t>(0) + packed<std::uint32_t>(0) + packed<std::uint32_t>(entry.data.size()) +
             packed<std::uint32_t>(entry.data.size()) + packed<std::uint16_t>(entry.name.size()) +
             packed<std::uint16_t>(0) + entry.name + entry.data;
    }
    const std::uint64_t start = out.size() + directory_shift;
    out += directory;
    return out + end_records(out.size(), start, directory.size());
  }

 private:
  std::string directory_entry(const ZipEntry& entry, std::uint64_t offset) const {
    const std::uint64_t size = entry.data.size() + size_shift;
    const std::string extra =
        zip64 ? packed<std::uint16_t>(1) + packed<std::uint16_t>(24) + packed(size) + packed(size) + packed(offset)
              : "";
    const std::uint32_t small = zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(size);
    return "PK\x01\x02" + packed<std::uint16_t>(45) + packed<std::uint16_t>(45) + packed(entry.flags) +
           packed(entry.method) + packed<std::uint32_t>(0) + packed<std::uint32_t>(0) + packed(small) + packed(small) +
           packed<std::uint16_t>(entry.name.size()) + packed<std::uint16_t>(extra.size()) + packed<std::uint16_t>(0) +
           packed<std::uint16_t>(0) + packed<std::uint16_t>(0) + packed<std::uint32_t>(0) +
           packed(zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(offset)) + entry.name + extra;
  }

  std::string end_records(std::uint64_t position, std::uint64_t start, std::uint64_t size) const {
    const std::uint64_t count = entries.size() + extra_entries;
    std::string out;
    if (zip64) {
      out += "PK\x06\x06" + packed<std::uint64_t>(44) + packed<std::uint16_t>(45) + packed<std::uint16_t>(45) +
             packed<std::uint32_t>(0) + packed<std::uint32_t>(0) + packed(count) + packed(count) + packed(size) +
             packed(start);
      out += "PK\x06\x07" + packed<std::uint32_t>(0) + packed(position + zip64_record_shift) + packed<std::uint32_t>(1);
    }
    const auto small_count = zip64 ? std::uint16_t{0xFFFF} : static_cast<std::uint16_t>(count);
    return out + "PK\x05\x06" + packed<std::uint16_t>(0) + packed<std::uint16_t>(0) + packed(small_count) +
           packed(small_count) + packed(zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(size)) +
           packed(zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(start)) + packed<std::uint16_t>(comment.size()) +
           comment;
  }
};

/** Pieces of pickles, as torch.save puts them together. */
namespace pickle {

inline const std::string kStart = std::string("\x80\x02", 2);

inline std::string text(const std::string& value) {
  std::string out = "X";
  out += packed<std::uint32_t>(value.size());
  return out += value;
}

inline std::string integer(std::int64_t value) { return std::string("\x8a\x08", 2) + packed(value); }

inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

inline std::string tuple(const std::vector<std::int64_t>& values) {
  std::string out = "(";
  for (const std::int64_t value : values) out += integer(value);
  return out + "t";
}

inline std::string storage(const std::string& type, const std::string& key, std::int64_t elements) {
  return std::string("(") + text("storage") + global("torch", type) + text(key) + text("cpu") + integer(elements) +
         "tQ";
}

struct View {
  std::string type = "FloatStorage";
  std::string key = "0";
  std::int64_t elements = 0;  ///< of the storage
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

inline std::string tensor(const View& view) {
  return global("torch._utils", "_rebuild_tensor_v2") + "(" + storage(view.type, view.key, view.elements) +
         integer(view.offset) + tuple(view.shape) + tuple(view.strides) + "\x89" +
         global("collections", "OrderedDict") + ")RtR";
}

inline std::string member(const std::string& name, const std::string& value) { return text(name) + value + "s"; }

/** A dictionary of what `members` gives. */
inline std::string dictionary(const std::string& members) { return "}" + members; }

}  // namespace pickle

/** A checkpoint with this pickle and storages data/0, data/1, ... */
inline ZipBuilder checkpoint(const std::string& pickle, const std::vector<std::string>& storages) {
  ZipBuilder zip;
  zip.entries.push_back({"model/data.pkl", pickle});
  zip.entries.push_back({"model/byteorder", "little"});
  for (std::size_t i = 0; i < storages.size(); ++i) {
    zip.entries.push_back({"model/data/" + std::to_string(i), storages[i]});
  }
  zip.entries.push_back({"model/version", "3\n"});
  return zip;
}

}  // namespace gvl::io::test
