#include "config/json_tree.hpp"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "config/json_cursor.hpp"
#include "config/syntax_error.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t max_depth = 64;

/// Receives nlohmann's events and builds the tree. The events carry no positions, so a cursor walks
/// over the same text beside them, one token for each event.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
public:
    TreeBuilder(std::string_view text, std::uint32_t file, JsonTree& tree)
        : text_(text), tree_(tree), cursor_(text, file) {}

    bool null() override {
        place(Node::Kind::Null);
        return true;
    }

    bool boolean(bool value) override {
        place(Node::Kind::Boolean).boolean = value;
        return true;
    }

    bool number_integer(number_integer_t) override {
        Node& node = place(Node::Kind::Number);
        node.text = last_.text;
        return true;
    }

    bool number_unsigned(number_unsigned_t value) override {
        Node& node = place(Node::Kind::Number);
        node.text = last_.text;
        node.number = value;
        return true;
    }

    bool number_float(number_float_t, const string_t&) override {
        Node& node = place(Node::Kind::Number);
        node.text = last_.text;
        return true;
    }

    bool string(string_t& value) override {
        place(Node::Kind::Text).text = std::move(value);
        return true;
    }

    bool binary(binary_t&) override { return false; }

    bool start_object(std::size_t) override { return open(Node::Kind::Object); }
    bool start_array(std::size_t) override { return open(Node::Kind::Array); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        take_token();
        after_key_ = true;
        Level& level = levels_.back();
        level.repeated.clear();
        if (level.add_key(name)) {
            level.node->members.push_back({std::move(name), last_.position, {}});
            pending_ = &level.node->members.back().value;
        } else {
            report_repeated(level, name);
            level.repeated = name;
            // Its value is read, so that positions stay right, and then forgotten.
            discarded_.push_back(std::make_unique<Node>());
            pending_ = discarded_.back().get();
        }
        return true;
    }

    bool parse_error(std::size_t consumed, const std::string&,
                     const nlohmann::detail::exception& fault) override {
        tree_.complete = false;
        char container = '\0';
        if (!levels_.empty()) {
            container = levels_.back().node->kind == Node::Kind::Object ? '{' : '[';
        }
        tree_.problems.push_back(
            explain({text_, consumed, fault.what(), last_, cursor_, container, after_key_}));
        return false;
    }

private:
    /// An open container.
    struct Level {
        Node* node = nullptr;
        /// All keys once there are many; few are looked for among the members.
        std::unordered_set<std::string> keys = {};
        /// The key of the value that is being read, when it stands twice.
        std::string repeated = {};

        /// False when it has this one already.
        bool add_key(const std::string& name) {
            constexpr std::size_t few = 16;
            const auto& members = node->members;
            if (members.size() < few) return node->find(name) == nullptr;
            if (keys.empty()) {
                for (const Member& member : members) keys.insert(member.key);
            }
            return keys.insert(name).second;
        }

        /// Of the value that is being read in an object.
        [[nodiscard]] std::string_view key() const {
            if (!repeated.empty() || node->members.empty()) return repeated;
            return node->members.back().key;
        }
    };

    void take_token() {
        do {
            last_ = cursor_.next();
        } while (last_.first() == ',' || last_.first() == ':');
    }

    Node& place(Node::Kind kind) {
        take_token();
        after_key_ = false;
        Node& node = destination();
        node.kind = kind;
        node.position = last_.position;
        return node;
    }

    Node& destination() {
        if (levels_.empty()) return tree_.root;
        if (pending_ != nullptr) return *std::exchange(pending_, nullptr);
        return levels_.back().node->elements.emplace_back();
    }

    bool open(Node::Kind kind) {
        Node& node = place(kind);
        if (levels_.size() == max_depth) {
            tree_.complete = false;
            tree_.problems.push_back(
                {{},
                 last_.position,
                 pointer_below(levels_.size()),
                 "more than " + std::to_string(max_depth) + " levels of nesting",
                 "no key needs so many"});
            return false;
        }
        levels_.push_back({&node});
        return true;
    }

    bool close() {
        take_token();
        after_key_ = false;
        levels_.pop_back();
        return true;
    }

    /// To the value that is being read in the innermost of the first `depth` open containers.
    [[nodiscard]] std::string pointer_below(std::size_t depth) const {
        std::string pointer;
        for (const Level& level : std::span(levels_).first(depth)) {
            const Node& node = *level.node;
            if (node.kind == Node::Kind::Array) {
                pointer = pointer_to(pointer, node.elements.size() - 1);
            } else {
                pointer = pointer_to(pointer, level.key());
            }
        }
        return pointer;
    }

    void report_repeated(const Level& level, const std::string& name) {
        const auto first = std::ranges::find(level.node->members, name, &Member::key);
        const Position at = first->key_position;
        tree_.problems.push_back({{},
                                  last_.position,
                                  pointer_to(pointer_below(levels_.size() - 1), name),
                                  "the key stands twice in this object",
                                  "it stands first in line " + std::to_string(at.line) +
                                      ", column " + std::to_string(at.column)});
    }

    std::string_view text_;
    JsonTree& tree_;
    JsonCursor cursor_;
    Token last_;
    bool after_key_ = false;
    /// Where the value of the key just read goes.
    Node* pending_ = nullptr;
    // Open containers. Their nodes stay where they are: only the innermost one grows.
    std::vector<Level> levels_;
    std::vector<std::unique_ptr<Node>> discarded_;
};

/// The reader takes NUL for the end of the file and would not look at what follows.
std::optional<Problem> find_nul(std::string_view text) {
    const std::size_t offset = text.find('\0');
    if (offset == std::string_view::npos) return std::nullopt;
    return Problem{{},
                   JsonCursor::position_of(text, offset),
                   {},
                   "the file holds a NUL byte",
                   "save it as UTF-8 text"};
}

}  // namespace

const Node* Node::find(std::string_view key) const {
    const auto member = std::ranges::find(members, key, &Member::key);
    return member == members.end() ? nullptr : &member->value;
}

Place find_place(const Node& root, std::string_view pointer) {
    Place place{&root, root.position};
    while (pointer.starts_with('/')) {
        pointer.remove_prefix(1);
        const std::string_view escaped = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(escaped.size());
        const Node& node = *place.node;
        if (node.kind == Node::Kind::Array) {
            const auto index = parse_decimal(escaped);
            if (!index || *index >= node.elements.size()) return place;
            place.node = &node.elements[static_cast<std::size_t>(*index)];
            place.key_position = place.node->position;
            continue;
        }
        const auto member = std::ranges::find_if(node.members, [&](const Member& candidate) {
            return pointer_to({}, candidate.key).substr(1) == escaped;
        });
        if (member == node.members.end()) return place;
        place = {&member->value, member->key_position};
    }
    return place;
}

std::string_view describe(const Node& node) {
    switch (node.kind) {
        case Node::Kind::Null:
            return "null";
        case Node::Kind::Boolean:
            return node.boolean ? "true" : "false";
        case Node::Kind::Number:
            return "a number";
        case Node::Kind::Text:
            return "a string";
        case Node::Kind::Array:
            return "an array";
        case Node::Kind::Object:
            return "an object";
    }
    return "a value";
}

JsonTree read_json(std::string_view text, std::uint32_t file) {
    JsonTree tree;
    tree.root.position = {1, 1, file};
    if (auto nul = find_nul(text)) {
        nul->position.file = file;
        tree.problems.push_back(std::move(*nul));
        tree.complete = false;
        return tree;
    }
    TreeBuilder builder(text, file, tree);
    // Our handler answers false to every error, so nothing is thrown.
    const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &builder,
                                                nlohmann::json::input_format_t::json, true, true);
    if (!read) tree.complete = false;
    for (Problem& problem : tree.problems) problem.position.file = file;
    return tree;
}

}  // namespace sluice::config
