#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "routing/ending.hpp"
#include "routing/hash.hpp"
#include "routing/params.hpp"
#include "routing/pattern.hpp"
#include "routing/segments.hpp"

namespace sluice::routing {

/// Patterns may be so deep; one deeper is a build error. Bounds the stack of the walk.
inline constexpr std::size_t max_segments = 64;

/// The patterns with parameters, as an unchanging tree: a node per segment, chains of static
/// segments merged into one node's label, the static children of a node in a small hash table of
/// their words.
///
/// A node is one cache line that has what is needed to recognise its segment and to find its
/// children, so that a walk waits for one line per segment. All nodes lie in one array, children
/// side by side.
///
/// Lifetime: copies its texts.
class RadixTree {
public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    /// A pattern and what stands at its end. No two of one shape, none of more than max_segments.
    struct Item {
        const Pattern* pattern;
        Ending ending;
    };

    RadixTree() = default;
    explicit RadixTree(const std::vector<Item>& items);

    /// Offers the endings of the patterns that match, most specific first, until `accept(ending)`
    /// is true. Meanwhile `params` has the parameters of the pattern offered. Each node is entered
    /// at most once.
    template <typename Accept>
    [[nodiscard]] bool walk(std::string_view path, Params& params,
                            const Accept& accept) const noexcept;

private:
    /// One cache line.
    struct alignas(64) Node {
        /// The static segment that leads here; in a free place of a table its size is that of no
        /// segment.
        std::uint64_t head = 0;
        std::uint64_t tail = 0;
        std::uint32_t size = none;
        std::uint32_t text_offset = 0;
        /// The table of static children; its size is a power of two. A node without any has a free
        /// place.
        std::uint32_t first_child = 0;
        std::uint32_t child_mask = 0;
        /// Which bits of a segment's hash choose its place in the table.
        std::uint8_t hash_shift = 0;
        /// How many places may have to be looked at to find a child, at least 1.
        std::uint8_t probes = 1;
        /// Whole segments with the slash after each, which the path must go on with: "api/v1/". The
        /// text stands behind the node's own.
        std::uint16_t label_size = 0;
        /// The child behind a parameter.
        std::uint32_t parameter = none;
        /// Place in endings_ of the pattern that ends with a catch-all here.
        std::uint32_t catch_all = none;
        /// Of the pattern that ends here.
        Ending ending;

        [[nodiscard]] bool is_led_to_by(const SegmentWords& words) const noexcept {
            return ((head ^ words.head) | (tail ^ words.tail) | (size ^ words.size)) == 0;
        }
    };
    static_assert(sizeof(Node) == 64);

    /// A node with something less specific still to try: its parameter, unless `parameter_tried`,
    /// then its catch-all.
    struct Choice {
        const Node* node;
        std::uint32_t position;
        std::uint16_t params;
        bool parameter_tried;
    };
    /// Deeper nodes later, at most one for each segment of a pattern. The list is not initialised:
    /// it is large and as a rule not used.
    struct Choices {
        void add(const Node& node, const SegmentCursor& at, const Params& params,
                 bool parameter_tried) noexcept {
            list[count++] = {&node, static_cast<std::uint32_t>(at.position()),
                             static_cast<std::uint16_t>(params.size()), parameter_tried};
        }

        std::size_t count = 0;
        std::array<Choice, max_segments> list;
    };
    class Builder;

    [[nodiscard]] const Node* find_child(const Node& node, const SegmentCursor& at,
                                         std::string_view path,
                                         const SegmentWords& words) const noexcept;
    /// For segments that are longer than their words. Apart, to keep the walk's registers free.
    [[nodiscard]] bool has_text(const Node& node, std::string_view segment) const noexcept;
    [[nodiscard]] bool pass_label(const Node& node, SegmentCursor& at,
                                  std::string_view path) const noexcept;
    /// The child behind the parameter, its value noted; nullptr without one.
    [[nodiscard]] const Node* take_parameter(const Node& node, SegmentCursor& at,
                                             std::string_view path, Params& params,
                                             Choices& choices) const noexcept;
    template <typename Accept>
    [[nodiscard]] bool take_rest(const Node& node, const SegmentCursor& at, std::string_view path,
                                 Params& params, const Accept& accept) const noexcept;

    std::vector<Node> nodes_;
    std::vector<Ending> endings_;
    std::string text_;
};

template <typename Accept>
bool RadixTree::walk(std::string_view path, Params& params, const Accept& accept) const noexcept {
    if (nodes_.empty() || path.empty()) return false;
    Choices choices;
    SegmentCursor at(path);
    const Node* node = nodes_.data();
    for (;;) {
        const Node* next = nullptr;
        if (at.is_done()) {
            if (node->ending.is_there() && accept(node->ending)) return true;
        } else if (pass_label(*node, at, path)) {
            next = find_child(*node, at, path, at.read());
            if (next != nullptr) {
                const bool is_only_way = (node->parameter & node->catch_all) == none;
                if (!is_only_way) choices.add(*node, at, params, false);
                at.advance();
            } else {
                next = take_parameter(*node, at, path, params, choices);
                if (next == nullptr && take_rest(*node, at, path, params, accept)) return true;
            }
        }
        while (next == nullptr) {
            if (choices.count == 0) return false;
            const Choice choice = choices.list[--choices.count];
            params.truncate(choice.params);
            at.go_to(choice.position);
            if (!choice.parameter_tried)
                next = take_parameter(*choice.node, at, path, params, choices);
            if (next == nullptr && take_rest(*choice.node, at, path, params, accept)) return true;
        }
        node = next;
    }
}

inline bool RadixTree::pass_label(const Node& node, SegmentCursor& at,
                                  std::string_view path) const noexcept {
    if (node.label_size == 0) [[likely]]
        return true;
    if (path.size() - at.position() < node.label_size) return false;
    if (!equal_bytes(text_.data() + node.text_offset + node.size, path.data() + at.position(),
                     node.label_size)) {
        return false;
    }
    at.skip_to(at.position() + node.label_size);
    return true;
}

inline const RadixTree::Node* RadixTree::find_child(const Node& node, const SegmentCursor& at,
                                                    std::string_view path,
                                                    const SegmentWords& words) const noexcept {
    const std::uint64_t start = words.hash() >> node.hash_shift;
    std::uint32_t probe = 0;
    do {
        const Node& child = nodes_[node.first_child + ((start + probe) & node.child_mask)];
        if (child.is_led_to_by(words)) {
            const std::string_view segment(path.data() + at.position(), words.size);
            if (words.size <= 16 || has_text(child, segment)) return &child;
        }
    } while (++probe < node.probes);
    return nullptr;
}

inline const RadixTree::Node* RadixTree::take_parameter(const Node& node, SegmentCursor& at,
                                                        std::string_view path, Params& params,
                                                        Choices& choices) const noexcept {
    if (node.parameter == none || at.segment_size() == 0) return nullptr;
    if (node.catch_all != none) choices.add(node, at, params, true);
    params.push({path.data() + at.position(), at.segment_size()});
    at.advance();
    return nodes_.data() + node.parameter;
}

template <typename Accept>
bool RadixTree::take_rest(const Node& node, const SegmentCursor& at, std::string_view path,
                          Params& params, const Accept& accept) const noexcept {
    if (node.catch_all == none) return false;
    params.push({path.data() + at.position(), path.size() - at.position()});
    return accept(endings_[node.catch_all]);
}

}  // namespace sluice::routing
