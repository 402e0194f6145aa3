#include "io/pickle.hpp"

#include <glib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "gvl/error.hpp"
#include "io/budget.hpp"
#include "io/pickle_globals.hpp"
#include "io/quote.hpp"
#include "io/tensor_size.hpp"

namespace gvl::io {

static_assert(std::endian::native == std::endian::little, "pickles are little-endian and read in place");

namespace {

// The limits leave ample room for a state_dict of 25,000 tensors; hostile pickles meet them early. They bound single
// things; what all of them need together is bounded by the pickle's size (Budget).
constexpr std::size_t kLongestPickle = std::size_t{32} << 20;
constexpr std::size_t kMostValues = std::size_t{1} << 19;
constexpr std::size_t kDeepestStack = std::size_t{1} << 18;
constexpr std::size_t kMostTensors = std::size_t{1} << 15;
constexpr std::size_t kLongestStorageKey = 64;
constexpr std::size_t kDeepestDictionary = 32;
constexpr std::size_t kLongestName = 4096;

// What things need beside what they hold, with what the allocator adds.
constexpr std::size_t kMemoOverhead = 64;
constexpr std::size_t kTensorOverhead = 256;
constexpr std::size_t kFoundOverhead = 512;  // records and index of TorchArchive included
constexpr std::size_t kNamesKept = 4;        // by the pickle, the archive and its index; and while they grow

struct Value {
  enum class Kind { kOther, kInteger, kString, kTuple, kList, kDictionary, kGlobal, kStorage, kTensor };

  Kind kind = Kind::kOther;
  PickleGlobal global{};        // beside `kind`, where it makes no value larger
  std::int64_t integer = 0;     // or the position among the storages or tensors
  std::string_view text;        // within the pickle
  std::vector<Value*> items{};  // of a dictionary: keys and values in turn
};

using Kind = Value::Kind;

class Unpickler {
 public:
  Unpickler(std::span<const std::byte> pickle, const std::string& source)
      : text_(reinterpret_cast<const char*>(pickle.data()), pickle.size()),
        source_(source),
        budget_(pickle.size(), source + ": its pickle") {
    if (text_.size() > kLongestPickle) {
      fail("it is longer than the limit of " + std::to_string(kLongestPickle) + " bytes");
    }
  }

  std::vector<std::pair<std::string, PickledTensor>> run() {
    while (step(take<unsigned char>())) {
    }
    collect(*pop(), "", 0);
    return std::move(found_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kMalformed,
                source_ + ": not a valid pickle: " + what + " (byte " + std::to_string(position_) + " of data.pkl)");
  }

  // Reading.

  std::string_view bytes(std::uint64_t length) {
    if (length > text_.size() - position_) fail("it ends early");
    const std::string_view result = text_.substr(position_, length);
    position_ += length;
    return result;
  }

  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::string_view line() {
    const std::size_t end = text_.find('\n', position_);
    if (end == std::string_view::npos) fail("it ends early");
    const std::string_view result = bytes(end - position_);
    ++position_;
    return result;
  }

  // The stack.

  Value* make(Kind kind) {
    if (values_.size() >= kMostValues) fail("more than " + std::to_string(kMostValues) + " values");
    budget_.take_memory(sizeof(Value));
    Value& value = values_.emplace_back();
    value.kind = kind;
    return &value;
  }

  void push(Value* value) {
    if (stack_.size() >= kDeepestStack) fail("the stack is deeper than " + std::to_string(kDeepestStack));
    stack_.push_back(value);
    take_depth(stack_.size(), deepest_stack_);
  }

  /** Once for each place of the stack or the marks, however often it is taken. */
  void take_depth(std::size_t depth, std::size_t& deepest) {
    constexpr std::size_t kSlots = 3;
    if (depth <= deepest) return;
    deepest = depth;
    budget_.take_memory(kSlots * sizeof(Value*), "its stack");
  }

  void push_integer(std::int64_t integer) {
    push(make(Kind::kInteger));
    stack_.back()->integer = integer;
  }

  void push_string(std::string_view text) {
    push(make(Kind::kString));
    stack_.back()->text = text;
  }

  void push_other(std::string_view) { push(make(Kind::kOther)); }

  Value* top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("the stack is empty");
    return stack_.back();
  }

  Value* pop() {
    Value* value = top();
    stack_.pop_back();
    return value;
  }

  Value* pop(Kind kind, const char* what) {
    Value* value = pop();
    if (value->kind != kind) fail(std::string("expected ") + what);
    return value;
  }

  std::vector<Value*> pop_count(std::size_t count) {
    std::vector<Value*> items(count);
    while (count-- > 0) items[count] = pop();
    return items;
  }

  void push_mark() {
    if (marks_.size() >= kDeepestStack) fail("more than " + std::to_string(kDeepestStack) + " marks");
    marks_.push_back(stack_.size());
    take_depth(marks_.size(), deepest_marks_);
  }

  std::vector<Value*> pop_mark() {
    if (marks_.empty()) fail("a mark is missing");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Value*> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  // Instructions. Each group says whether the instruction was one of its own.

  // Returns false at the end.
  bool step(unsigned char code) {
    if (code == '.') return false;
    if (!run_frame(code) && !run_constant(code) && !run_text(code) && !run_container(code) && !run_memo(code) &&
        !run_object(code)) {
      std::array<char, 5> hex{};
      std::snprintf(hex.data(), hex.size(), "0x%02x", static_cast<unsigned>(code));
      throw Error(ErrorCode::kUnsupported, source_ + ": pickle instruction " + hex.data() + " (byte " +
                                               std::to_string(position_ - 1) + " of data.pkl) is not one of tensors");
    }
    return true;
  }

  bool run_frame(unsigned char code) {
    if (code == 0x80) {  // PROTO
      const unsigned protocol = take<unsigned char>();
      if (protocol < 2 || protocol > 5) {
        throw Error(ErrorCode::kUnsupported, source_ + ": pickle protocol " + std::to_string(protocol));
      }
      return true;
    }
    if (code != 0x95) return false;  // FRAME
    take<std::uint64_t>();
    return true;
  }

  bool run_constant(unsigned char code) {
    switch (code) {
      case 'N':   // NONE
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        push_other({});
        return true;
      case 'G':  // BINFLOAT
        push_other(bytes(8));
        return true;
      case 'J':  // BININT
        push_integer(take<std::int32_t>());
        return true;
      case 'K':  // BININT1
        push_integer(take<std::uint8_t>());
        return true;
      case 'M':  // BININT2
        push_integer(take<std::uint16_t>());
        return true;
      case 0x8a:  // LONG1
        push_long(bytes(take<std::uint8_t>()));
        return true;
      case 0x8b:  // LONG4
        push_long(bytes(take<std::uint32_t>()));
        return true;
      default:
        return false;
    }
  }

  void push_long(std::string_view digits) {
    std::uint64_t value = 0;
    if (digits.size() > sizeof(value)) return push_other(digits);
    std::memcpy(&value, digits.data(), digits.size());
    const bool negative = !digits.empty() && static_cast<unsigned char>(digits.back()) >= 0x80;
    if (negative && digits.size() < sizeof(value)) value |= ~std::uint64_t{0} << (8 * digits.size());
    push_integer(static_cast<std::int64_t>(value));
  }

  bool run_text(unsigned char code) {
    switch (code) {
      case 'U':   // SHORT_BINSTRING
      case 0x8c:  // SHORT_BINUNICODE
        push_string(bytes(take<std::uint8_t>()));
        return true;
      case 'T':  // BINSTRING
      case 'X':  // BINUNICODE
        push_string(bytes(take<std::uint32_t>()));
        return true;
      case 0x8d:  // BINUNICODE8
        push_string(bytes(take<std::uint64_t>()));
        return true;
      case 'C':  // SHORT_BINBYTES
        push_other(bytes(take<std::uint8_t>()));
        return true;
      case 'B':  // BINBYTES
        push_other(bytes(take<std::uint32_t>()));
        return true;
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        push_other(bytes(take<std::uint64_t>()));
        return true;
      default:
        return false;
    }
  }

  bool run_container(unsigned char code) {
    switch (code) {
      case ')':  // EMPTY_TUPLE
        push_container(Kind::kTuple, {});
        return true;
      case 0x85:  // TUPLE1
      case 0x86:  // TUPLE2
      case 0x87:  // TUPLE3
        push_container(Kind::kTuple, pop_count(code - 0x84u));
        return true;
      case 't':  // TUPLE
        push_container(Kind::kTuple, pop_mark());
        return true;
      case ']':  // EMPTY_LIST
        push_container(Kind::kList, {});
        return true;
      case 'l':  // LIST
        push_container(Kind::kList, pop_mark());
        return true;
      case '}':  // EMPTY_DICT
        push_container(Kind::kDictionary, {});
        return true;
      case 'd':  // DICT
        push_container(Kind::kDictionary, pairs(pop_mark()));
        return true;
      default:
        return run_insertion(code);
    }
  }

  bool run_insertion(unsigned char code) {
    switch (code) {
      case 'a':  // APPEND
        insert(Kind::kList, pop_count(1));
        return true;
      case 'e':  // APPENDS
        insert(Kind::kList, pop_mark());
        return true;
      case 's':  // SETITEM
        insert(Kind::kDictionary, pop_count(2));
        return true;
      case 'u':  // SETITEMS
        insert(Kind::kDictionary, pairs(pop_mark()));
        return true;
      default:
        return false;
    }
  }

  void push_container(Kind kind, std::vector<Value*> items) {
    push(make(kind));
    take_items(items.size());
    stack_.back()->items = std::move(items);
  }

  /** Before a container gets so many more. */
  void take_items(std::size_t count) {
    constexpr std::size_t kSlots = 3;  // a vector that grows has twice the room, and its old one while it copies
    if (count > 0) budget_.take_memory(16 + count * kSlots * sizeof(Value*), "its lists and dictionaries");
  }

  std::vector<Value*> pairs(std::vector<Value*> items) const {
    if (items.size() % 2 != 0) fail("a key without a value");
    return items;
  }

  void insert(Kind kind, const std::vector<Value*>& items) {
    Value* container = top();
    if (container->kind != kind) fail(kind == Kind::kList ? "expected a list" : "expected a dictionary");
    take_items(items.size());
    container->items.insert(container->items.end(), items.begin(), items.end());
  }

  bool run_memo(unsigned char code) {
    switch (code) {
      case 'q':  // BINPUT
        remember(take<std::uint8_t>());
        return true;
      case 'r':  // LONG_BINPUT
        remember(take<std::uint32_t>());
        return true;
      case 0x94:  // MEMOIZE
        remember(static_cast<std::uint32_t>(memo_.size()));
        return true;
      case 'h':  // BINGET
        push(recall(take<std::uint8_t>()));
        return true;
      case 'j':  // LONG_BINGET
        push(recall(take<std::uint32_t>()));
        return true;
      case '2':  // DUP
        push(top());
        return true;
      case '0':  // POP
        pop();
        return true;
      case '1':  // POP_MARK
        pop_mark();
        return true;
      case '(':  // MARK
        push_mark();
        return true;
      default:
        return false;
    }
  }

  void remember(std::uint32_t key) {
    Value* value = top();
    const auto [place, added] = memo_.try_emplace(key, value);
    place->second = value;
    if (!added) return;
    if (memo_.size() > kMostValues) fail("more than " + std::to_string(kMostValues) + " values in the memo");
    budget_.take_memory(kMemoOverhead, "its memo");
  }

  Value* recall(std::uint32_t key) const {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("memo " + std::to_string(key) + " was never set");
    return found->second;
  }

  bool run_object(unsigned char code) {
    switch (code) {
      case 'c': {  // GLOBAL
        const std::string_view module = line();
        push_global(module, line());
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const std::string_view name = pop(Kind::kString, "a global's name")->text;
        push_global(pop(Kind::kString, "a global's module")->text, name);
        return true;
      }
      case 'R': {  // REDUCE
        const Value* arguments = pop(Kind::kTuple, "arguments");
        push(call(pop(Kind::kGlobal, "a global")->global, *arguments));
        return true;
      }
      case 'Q':  // BINPERSID
        push(make_storage(*pop(Kind::kTuple, "a storage")));
        return true;
      case 'b':  // BUILD: attributes beside the contents, such as a state_dict's _metadata
        pop();
        top();
        return true;
      default:
        return false;
    }
  }

  void push_global(std::string_view module, std::string_view name) {
    if (const auto known = find_pickle_global(module, name)) {
      push(make(Kind::kGlobal));
      stack_.back()->global = *known;
      return;
    }
    throw Error(ErrorCode::kUnsupported, source_ + ": the pickle asks for the global " +
                                             quote(std::string(module) + "." + std::string(name)) +
                                             "; only tensors and dictionaries of them can be read");
  }

  Value* call(const PickleGlobal& global, const Value& arguments) {
    switch (global.role) {
      case PickleRole::kDictionary:
        return make_dictionary(arguments);
      case PickleRole::kTensor:
        return make_tensor(arguments);
      case PickleRole::kParameter:
        return argument(arguments, 0, Kind::kTensor);
      case PickleRole::kSize:
        return argument(arguments, 0, Kind::kTuple);
      case PickleRole::kInert:
      case PickleRole::kStorage:
        break;
    }
    return make(Kind::kOther);
  }

  Value* argument(const Value& arguments, std::size_t index, Kind kind) const {
    if (index >= arguments.items.size() || arguments.items[index]->kind != kind) fail("unexpected arguments");
    return arguments.items[index];
  }

  // Python 2 passed an OrderedDict's contents as a list of pairs.
  Value* make_dictionary(const Value& arguments) {
    Value* dictionary = make(Kind::kDictionary);
    if (arguments.items.empty()) return dictionary;
    for (const Value* pair : argument(arguments, 0, Kind::kList)->items) {
      if ((pair->kind != Kind::kTuple && pair->kind != Kind::kList) || pair->items.size() != 2) {
        fail("unexpected arguments");
      }
      take_items(pair->items.size());
      dictionary->items.insert(dictionary->items.end(), pair->items.begin(), pair->items.end());
    }
    return dictionary;
  }

  // ('storage', type, key, location, elements)
  Value* make_storage(const Value& id) {
    if (argument(id, 0, Kind::kString)->text != "storage") fail("expected a storage");
    const PickleGlobal& global = argument(id, 1, Kind::kGlobal)->global;
    if (global.role != PickleRole::kStorage) fail("expected a storage type");
    const std::string_view key = argument(id, 2, Kind::kString)->text;
    if (key.size() > kLongestStorageKey) fail("a storage's key is too long");
    budget_.take_memory(kTensorOverhead + key.size(), "its storages");
    Value* storage = make(Kind::kStorage);
    storage->integer = static_cast<std::int64_t>(storages_.size());
    storages_.push_back({std::string(key), argument(id, 4, Kind::kInteger)->integer, global.type});
    return storage;
  }

  // (storage, offset, shape, strides, requires_grad, backward_hooks)
  Value* make_tensor(const Value& arguments) {
    if (tensors_.size() >= kMostTensors) fail("more than " + std::to_string(kMostTensors) + " tensors");
    PickledTensor pickled = storages_[static_cast<std::size_t>(argument(arguments, 0, Kind::kStorage)->integer)];
    pickled.offset = argument(arguments, 1, Kind::kInteger)->integer;
    pickled.shape = integers(*argument(arguments, 2, Kind::kTuple));
    pickled.strides = integers(*argument(arguments, 3, Kind::kTuple));
    budget_.take_memory(kTensorOverhead + memory_of(pickled), "its tensors");
    Value* tensor = make(Kind::kTensor);
    tensor->integer = static_cast<std::int64_t>(tensors_.size());
    tensors_.push_back(std::move(pickled));
    return tensor;
  }

  static std::size_t memory_of(const PickledTensor& tensor) {
    constexpr std::size_t kSlots = 2;  // of a vector that has grown
    return tensor.storage.size() + kSlots * sizeof(std::int64_t) * (tensor.shape.size() + tensor.strides.size());
  }

  std::vector<std::int64_t> integers(const Value& tuple) const {
    if (tuple.items.size() > kMaximumRank) fail("a tensor has " + std::to_string(tuple.items.size()) + " dimensions");
    std::vector<std::int64_t> result;
    for (std::size_t i = 0; i < tuple.items.size(); ++i) {
      result.push_back(argument(tuple, i, Kind::kInteger)->integer);
    }
    return result;
  }

  // Results.

  // Dictionaries may be shared, or contain themselves: what is visited counts, not what exists.
  void collect(const Value& value, const std::string& name, std::size_t depth) {
    if (value.kind == Kind::kTensor) return add(value, name);
    if (value.kind != Kind::kDictionary) return;
    if (depth == kDeepestDictionary) fail("dictionaries deeper than " + std::to_string(kDeepestDictionary));
    for (std::size_t i = 0; i < value.items.size(); i += 2) {
      budget_.take_steps(kVisit, kRepeats);
      const Value& item = *value.items[i + 1];
      if (item.kind != Kind::kTensor && item.kind != Kind::kDictionary) continue;
      const auto key = key_text(*value.items[i]);
      if (key) collect(item, depth == 0 ? *key : joined(name, *key), depth + 1);
    }
  }

  std::string joined(const std::string& name, const std::string& key) {
    budget_.take_steps(name.size() + key.size(), kRepeats);
    const std::string result = name + "/" + key;
    if (result.size() > kLongestName) fail_name(result);
    return result;
  }

  [[noreturn]] void fail_name(const std::string& name) const { fail("too many or too long names: " + quote(name)); }

  std::optional<std::string> key_text(const Value& key) {
    if (key.kind == Kind::kInteger) return std::to_string(key.integer);
    if (key.kind != Kind::kString) return std::nullopt;
    budget_.take_steps(std::min(key.text.size(), kLongestName), kRepeats);
    if (key.text.size() > kLongestName ||
        !g_utf8_validate(key.text.data(), static_cast<gssize>(key.text.size()), nullptr)) {
      fail("the key " + quote(key.text) + " is too long or not UTF-8");
    }
    return std::string(key.text);
  }

  void add(const Value& value, const std::string& name) {
    if (name.size() > kLongestName || found_.size() >= kMostTensors) fail_name(name);
    const PickledTensor& tensor = tensors_[static_cast<std::size_t>(value.integer)];
    budget_.take_memory(kFoundOverhead + kNamesKept * name.size() + 2 * memory_of(tensor), "the names of its tensors");
    found_.emplace_back(name, tensor);
  }

  // A visit of a member is a few look-ups anywhere in memory.
  static constexpr std::size_t kVisit = 32;
  static constexpr const char* kRepeats = "its dictionaries repeat each other";

  std::string_view text_;
  const std::string& source_;
  Budget budget_;
  std::size_t position_ = 0;
  std::deque<Value> values_;  // owns all; nobody else does, so that cycles neither leak nor recurse
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;
  std::size_t deepest_stack_ = 0;
  std::size_t deepest_marks_ = 0;
  std::unordered_map<std::uint32_t, Value*> memo_;
  std::vector<PickledTensor> storages_;
  std::vector<PickledTensor> tensors_;
  std::vector<std::pair<std::string, PickledTensor>> found_;
};

}  // namespace

std::vector<std::pair<std::string, PickledTensor>> read_pickled_tensors(std::span<const std::byte> pickle,
                                                                        const std::string& source) {
  return Unpickler(pickle, source).run();
}

}  // namespace gvl::io
