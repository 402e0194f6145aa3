/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <string>

namespace gvl::gst {

/**
 * A clip's file and the description beside it. Whatever exists, a symbolic link that leads nowhere too, is neither
 * opened nor replaced. For one thread at a time.
 */
class ClipFile {
 public:
  /**
   * Makes an empty file and the folders that it needs: `wanted`, or the same with "-2", "-3", ... before its extension,
   * the first whose own name and description's are free. Throws Error(kResource) that says which file, and why not.
   */
  explicit ClipFile(const std::string& wanted);
  /** Closes it. */
  ~ClipFile();
  ClipFile(const ClipFile&) = delete;
  ClipFile& operator=(const ClipFile&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  /** Returns what the file system says against it, or an empty string. */
  std::string close();
  /** Removes the file, open or not. */
  void discard();
  /** Gives the file another name, with ".part" behind it, which is returned; where that cannot be, or it is empty, it
   * is removed. */
  std::string set_aside();

  /**
   * Writes what `text_for` says of the file, at its path, into the description. Where that has come about meanwhile (of
   * a clip with another extension, say), both take the next name that is free. Throws Error(kResource) that names what
   * cannot be written; nothing is left of it then.
   */
  void describe(const std::function<std::string(const std::string& path)>& text_for);

 private:
  void take_number(int number);
  bool try_to_make();
  void rename_to_next();
  bool still_there() const;

  const std::string wanted_;
  int number_ = 0;
  std::string path_;
  std::string description_;
  int descriptor_ = -1;
  unsigned long long device_ = 0, inode_ = 0;  // what `path` must still be when it is removed
};

/** A path as it may stand in a message: UTF-8, whatever the file system holds. */
std::string shown(const std::string& path);

}  // namespace gvl::gst
