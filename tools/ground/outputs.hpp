/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

/** Files that are read. No output may be one of them, by whatever name. */
class InputFiles {
 public:
  /** What does not exist is no file. */
  void add(const std::string& path);
  /** The files in it, not those of its folders. */
  void add_folder(const std::string& folder);
  /** The name under which that file is read; null where it is not. */
  const std::string* find(const struct stat& file) const;

 private:
  std::map<std::pair<dev_t, ino_t>, std::string> names_;
};

/**
 * A file that is written whole or not at all.
 *
 * What is written goes to a new file beside it, which takes its name at the end; what exists is replaced only with
 * `replace`. Pipes, devices and inherited descriptors (/dev/fd/N, /dev/stdout, /dev/stderr) are written to as they are.
 * Symbolic links are refused: neither are they followed nor replaced. Functions that return a string say what went
 * wrong, or nothing.
 */
class OutputFile {
 public:
  /** `option` is for messages: "--events". An empty path: it is not wanted. */
  OutputFile(std::string option, std::string path, bool replace, const InputFiles& inputs);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  bool wanted() const { return !path_.empty(); }
  const std::string& path() const { return path_; }

  /** Whether it can be written, as far as that can be known beforehand. Leaves nothing behind. */
  std::string check() const;

  /** Whether both would be the same file. */
  bool same_as(const OutputFile& other) const;

  /** Whether `folder` would be this file, or lie beneath it. */
  bool would_be(const std::string& folder) const;

  /** Begins to write. A pipe waits for its reader. */
  std::string open();
  /** Of what was opened, for writing. */
  int descriptor() const { return descriptor_; }
  /** All that is to be in it is written. */
  std::string commit();

  /** All three at once. */
  std::string write(const std::string& text);

 private:
  enum class Kind { kNew, kExisting, kStream, kDescriptor };
  struct Target {
    Kind kind = Kind::kNew;
    int descriptor = -1;  ///< kDescriptor
    struct stat file {};
    std::string fault;
  };

  Target examine() const;
  Target examine_descriptor(int descriptor) const;
  std::string examine_file(const struct stat& file) const;
  std::string folder() const;
  int create_beside(std::string& name) const;
  std::string take_name();
  std::string named(const std::string& fault) const;
  void discard();

  std::string option_, path_;
  bool replace_;
  const InputFiles& inputs_;
  int descriptor_ = -1;
  std::string temporary_;  ///< what is renamed at the end
};

/** Whether files can be made in a folder, which need not exist yet. Leaves nothing behind. */
std::string fault_of_folder(const std::string& folder);

/** Text that other elements read by a path, without a file on any disk. */
class TextInMemory {
 public:
  explicit TextInMemory(const std::string& text);
  ~TextInMemory();
  TextInMemory(const TextInMemory&) = delete;
  TextInMemory& operator=(const TextInMemory&) = delete;

  const std::string& path() const { return path_; }
  const std::string& fault() const { return fault_; }

 private:
  int descriptor_ = -1;
  std::string path_, fault_;
};
