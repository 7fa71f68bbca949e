#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "config/problem.hpp"

namespace sluice::config {

struct Member;

/// A JSON value that knows where it stands.
struct Node {
    enum class Kind : std::uint8_t { Null, Boolean, Number, Text, Array, Object };
    Kind kind = Kind::Null;
    Position position;
    bool boolean = false;
    /// A whole number from 0; absent for a negative one and for fractions.
    std::optional<std::uint64_t> number;
    /// The string's content, or the number as it was written.
    std::string text;
    /// Whether values of environment variables were put into the text, and whether it is nothing else: then it may
    /// stand for a number or a boolean.
    bool has_references = false;
    bool is_reference = false;
    std::vector<Node> elements;
    std::vector<Member> members;

    [[nodiscard]] const Node* find(std::string_view key) const;
};

struct Member {
    std::string key;
    Position key_position;
    Node value;
};

/// A value or a key found by its JSON pointer.
struct Place {
    const Node* node = nullptr;
    Position key_position;
};

/// What stands at the pointer, or its nearest ancestor that exists.
[[nodiscard]] Place find_place(const Node& root, std::string_view pointer);

/// "a string", "an object", "true": for messages.
[[nodiscard]] std::string_view describe(const Node& node);

struct JsonTree {
    Node root;
    /// At most one syntax error, after which the tree is incomplete; every repeated key.
    std::vector<Problem> problems;
    bool complete = true;
};

/// Reads JSON (RFC 8259) with // and /* */ comments and an optional UTF-8 byte order mark. The
/// first of two equal keys is kept. Nesting ends at 64 levels.
///
/// `file` goes into every position.
/// Failure: stands in `problems`, without the file's name.
[[nodiscard]] JsonTree read_json(std::string_view text, std::uint32_t file = 0);

}  // namespace sluice::config
