/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/pickle.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "gvl/error.hpp"
#include "io/pickle_globals.hpp"
#include "io/pickle_input.hpp"
#include "io/pickle_stack.hpp"
#include "io/pickle_tensors.hpp"
#include "io/quote.hpp"

namespace gvl::io {

namespace {

using Value = PickleValue;
using Kind = Value::Kind;

/** Runs a pickle's instructions. */
class Unpickler {
 public:
  Unpickler(std::span<const std::byte> pickle, const std::string& source) : input_(pickle, source) {}

  std::vector<std::pair<std::string, PickledTensor>> run() {
    while (step(input_.take<unsigned char>())) {
    }
    return tensors_.collect(*stack_.pop());
  }

 private:
  // Instructions. Each group says whether the instruction was one of its own.

  // Returns false at the end.
  bool step(unsigned char code) {
    if (code == '.') return false;
    if (!run_frame(code) && !run_constant(code) && !run_text(code) && !run_container(code) && !run_memo(code) &&
        !run_object(code)) {
      std::array<char, 5> hex{};
      std::snprintf(hex.data(), hex.size(), "0x%02x", static_cast<unsigned>(code));
      throw Error(ErrorCode::kUnsupported, input_.source() + ": pickle instruction " + hex.data() + " (byte " +
                                               std::to_string(input_.position() - 1) +
                                               " of data.pkl) is not one of tensors");
    }
    return true;
  }

  bool run_frame(unsigned char code) {
    if (code == 0x80) {  // PROTO
      const unsigned protocol = input_.take<unsigned char>();
      if (protocol < 2 || protocol > 5) {
        throw Error(ErrorCode::kUnsupported, input_.source() + ": pickle protocol " + std::to_string(protocol));
      }
      return true;
    }
    if (code != 0x95) return false;  // FRAME
    input_.take<std::uint64_t>();
    return true;
  }

  bool run_constant(unsigned char code) {
    switch (code) {
      case 'N':   // NONE
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        stack_.push_other();
        return true;
      case 'G':  // BINFLOAT
        stack_.push_other(input_.bytes(8));
        return true;
      case 'J':  // BININT
        stack_.push_integer(input_.take<std::int32_t>());
        return true;
      case 'K':  // BININT1
        stack_.push_integer(input_.take<std::uint8_t>());
        return true;
      case 'M':  // BININT2
        stack_.push_integer(input_.take<std::uint16_t>());
        return true;
      case 0x8a:  // LONG1
        push_long(input_.bytes(input_.take<std::uint8_t>()));
        return true;
      case 0x8b:  // LONG4
        push_long(input_.bytes(input_.take<std::uint32_t>()));
        return true;
      default:
        return false;
    }
  }

  void push_long(std::string_view digits) {
    std::uint64_t value = 0;
    if (digits.size() > sizeof(value)) return stack_.push_other(digits);
    std::memcpy(&value, digits.data(), digits.size());
    const bool negative = !digits.empty() && static_cast<unsigned char>(digits.back()) >= 0x80;
    if (negative && digits.size() < sizeof(value)) value |= ~std::uint64_t{0} << (8 * digits.size());
    stack_.push_integer(static_cast<std::int64_t>(value));
  }

  bool run_text(unsigned char code) {
    switch (code) {
      case 'U':   // SHORT_BINSTRING
      case 0x8c:  // SHORT_BINUNICODE
        stack_.push_string(input_.bytes(input_.take<std::uint8_t>()));
        return true;
      case 'T':  // BINSTRING
      case 'X':  // BINUNICODE
        stack_.push_string(input_.bytes(input_.take<std::uint32_t>()));
        return true;
      case 0x8d:  // BINUNICODE8
        stack_.push_string(input_.bytes(input_.take<std::uint64_t>()));
        return true;
      case 'C':  // SHORT_BINBYTES
        stack_.push_other(input_.bytes(input_.take<std::uint8_t>()));
        return true;
      case 'B':  // BINBYTES
        stack_.push_other(input_.bytes(input_.take<std::uint32_t>()));
        return true;
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        stack_.push_other(input_.bytes(input_.take<std::uint64_t>()));
        return true;
      default:
        return false;
    }
  }

  bool run_container(unsigned char code) {
    switch (code) {
      case ')':  // EMPTY_TUPLE
        stack_.push_container(Kind::kTuple, {});
        return true;
      case 0x85:  // TUPLE1
      case 0x86:  // TUPLE2
      case 0x87:  // TUPLE3
        stack_.push_container(Kind::kTuple, stack_.pop_count(code - 0x84u));
        return true;
      case 't':  // TUPLE
        stack_.push_container(Kind::kTuple, stack_.pop_mark());
        return true;
      case ']':  // EMPTY_LIST
        stack_.push_container(Kind::kList, {});
        return true;
      case 'l':  // LIST
        stack_.push_container(Kind::kList, stack_.pop_mark());
        return true;
      case '}':  // EMPTY_DICT
        stack_.push_container(Kind::kDictionary, {});
        return true;
      case 'd':  // DICT
        stack_.push_container(Kind::kDictionary, pairs(stack_.pop_mark()));
        return true;
      default:
        return run_insertion(code);
    }
  }

  bool run_insertion(unsigned char code) {
    switch (code) {
      case 'a':  // APPEND
        stack_.insert(Kind::kList, stack_.pop_count(1));
        return true;
      case 'e':  // APPENDS
        stack_.insert(Kind::kList, stack_.pop_mark());
        return true;
      case 's':  // SETITEM
        stack_.insert(Kind::kDictionary, stack_.pop_count(2));
        return true;
      case 'u':  // SETITEMS
        stack_.insert(Kind::kDictionary, pairs(stack_.pop_mark()));
        return true;
      default:
        return false;
    }
  }

  std::vector<Value*> pairs(std::vector<Value*> items) const {
    if (items.size() % 2 != 0) input_.fail("a key without a value");
    return items;
  }

  bool run_memo(unsigned char code) {
    switch (code) {
      case 'q':  // BINPUT
        stack_.remember(input_.take<std::uint8_t>());
        return true;
      case 'r':  // LONG_BINPUT
        stack_.remember(input_.take<std::uint32_t>());
        return true;
      case 0x94:  // MEMOIZE
        stack_.remember(static_cast<std::uint32_t>(stack_.remembered()));
        return true;
      case 'h':  // BINGET
        stack_.push(stack_.recall(input_.take<std::uint8_t>()));
        return true;
      case 'j':  // LONG_BINGET
        stack_.push(stack_.recall(input_.take<std::uint32_t>()));
        return true;
      case '2':  // DUP
        stack_.push(stack_.top());
        return true;
      case '0':  // POP
        stack_.pop();
        return true;
      case '1':  // POP_MARK
        stack_.pop_mark();
        return true;
      case '(':  // MARK
        stack_.push_mark();
        return true;
      default:
        return false;
    }
  }

  bool run_object(unsigned char code) {
    switch (code) {
      case 'c': {  // GLOBAL
        const std::string_view module = input_.line();
        push_global(module, input_.line());
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const std::string_view name = stack_.pop(Kind::kString, "a global's name")->text;
        push_global(stack_.pop(Kind::kString, "a global's module")->text, name);
        return true;
      }
      case 'R': {  // REDUCE
        const Value* arguments = stack_.pop(Kind::kTuple, "arguments");
        stack_.push(call(stack_.pop(Kind::kGlobal, "a global")->global, *arguments));
        return true;
      }
      case 'Q':  // BINPERSID
        stack_.push(tensors_.make_storage(*stack_.pop(Kind::kTuple, "a storage")));
        return true;
      case 'b':  // BUILD: attributes beside the contents, such as a state_dict's _metadata
        stack_.pop();
        stack_.top();
        return true;
      default:
        return false;
    }
  }

  void push_global(std::string_view module, std::string_view name) {
    if (const auto known = find_pickle_global(module, name)) {
      stack_.push(stack_.make(Kind::kGlobal));
      stack_.top()->global = *known;
      return;
    }
    throw Error(ErrorCode::kUnsupported, input_.source() + ": the pickle asks for the global " +
                                             quote(std::string(module) + "." + std::string(name)) +
                                             "; only tensors and dictionaries of them can be read");
  }

  Value* call(const PickleGlobal& global, const Value& arguments) {
    switch (global.role) {
      case PickleRole::kDictionary:
        return make_dictionary(arguments);
      case PickleRole::kTensor:
        return tensors_.make_tensor(arguments);
      case PickleRole::kParameter:
        return argument(arguments, 0, Kind::kTensor);
      case PickleRole::kSize:
        return argument(arguments, 0, Kind::kTuple);
      case PickleRole::kInert:
      case PickleRole::kStorage:
        break;
    }
    return stack_.make(Kind::kOther);
  }

  Value* argument(const Value& arguments, std::size_t index, Kind kind) const {
    return pickle_argument(input_, arguments, index, kind);
  }

  // Python 2 passed an OrderedDict's contents as a list of pairs.
  Value* make_dictionary(const Value& arguments) {
    Value* dictionary = stack_.make(Kind::kDictionary);
    if (arguments.items.empty()) return dictionary;
    for (const Value* pair : argument(arguments, 0, Kind::kList)->items) {
      if ((pair->kind != Kind::kTuple && pair->kind != Kind::kList) || pair->items.size() != 2) {
        input_.fail("unexpected arguments");
      }
      stack_.append(*dictionary, pair->items);
    }
    return dictionary;
  }

  PickleInput input_;
  PickleStack stack_{input_};
  PickleTensors tensors_{input_, stack_};
};

}  // namespace

std::vector<std::pair<std::string, PickledTensor>> read_pickled_tensors(std::span<const std::byte> pickle,
                                                                        const std::string& source) {
  return Unpickler(pickle, source).run();
}

}  // namespace gvl::io
