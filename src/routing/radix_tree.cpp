#include "routing/radix_tree.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <utility>

namespace sluice::routing {
namespace {

/// The tree as it grows, before it is laid out in arrays.
struct Growing {
    std::map<std::string, std::uint32_t, std::less<>> children;
    std::uint32_t parameter = RadixTree::none;
    Ending catch_all;
    Ending ending;
};

class Sapling {
public:
    explicit Sapling(const std::vector<RadixTree::Item>& items) : nodes_(1) {
        for (const RadixTree::Item& item : items) insert(item);
    }
    [[nodiscard]] const Growing& operator[](std::uint32_t index) const { return nodes_[index]; }

private:
    void insert(const RadixTree::Item& item) {
        std::uint32_t at = 0;
        for (const Segment& segment : item.pattern->segments) {
            if (segment.kind == Segment::Kind::CatchAll) {
                nodes_[at].catch_all = item.ending;
                return;
            }
            at = segment.kind == Segment::Kind::Parameter ? parameter_of(at)
                                                          : child_of(at, segment.text);
        }
        nodes_[at].ending = item.ending;
    }

    std::uint32_t parameter_of(std::uint32_t at) {
        if (nodes_[at].parameter == RadixTree::none) nodes_[at].parameter = add();
        return nodes_[at].parameter;
    }

    std::uint32_t child_of(std::uint32_t at, std::string_view text) {
        if (const auto found = nodes_[at].children.find(text); found != nodes_[at].children.end()) {
            return found->second;
        }
        const std::uint32_t child = add();
        nodes_[at].children.emplace(text, child);
        return child;
    }

    std::uint32_t add() {
        nodes_.emplace_back();
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }

    std::vector<Growing> nodes_;
};

}  // namespace

/// Lays a grown tree out in the array of a RadixTree.
class RadixTree::Builder {
public:
    Builder(RadixTree& tree, const Sapling& sapling) : tree_(tree), sapling_(sapling) {}

    /// Recursion is bounded by max_segments.
    void lay_out(std::uint32_t source, std::uint32_t place) {
        source = merge_chain(source, place);
        const Growing& growing = sapling_[source];
        tree_.nodes_[place].ending = growing.ending;
        tree_.nodes_[place].first_child = free_place;
        if (growing.catch_all.is_there()) {
            tree_.nodes_[place].catch_all = static_cast<std::uint32_t>(tree_.endings_.size());
            tree_.endings_.push_back(growing.catch_all);
        }
        if (growing.parameter != none) {
            const std::uint32_t parameter = add_nodes(1);
            tree_.nodes_[place].parameter = parameter;
            name(parameter, {});
            lay_out(growing.parameter, parameter);
        }
        if (!growing.children.empty()) add_children(growing, place);
    }

    /// Writes the segment that leads to a node.
    void name(std::uint32_t place, std::string_view text) {
        Node& node = tree_.nodes_[place];
        const SegmentWords words = SegmentCursor::read_alone(text);
        node.head = words.head;
        node.tail = words.tail;
        node.size = words.size;
        node.text_offset = static_cast<std::uint32_t>(tree_.text_.size());
        tree_.text_.append(text);
    }

    /// The place of the first.
    std::uint32_t add_nodes(std::size_t count) {
        const auto first = static_cast<std::uint32_t>(tree_.nodes_.size());
        tree_.nodes_.resize(tree_.nodes_.size() + count);
        return first;
    }

private:
    /// Where nodes without static children look for one in vain.
    static constexpr std::uint32_t free_place = 1;

    static constexpr std::size_t max_label = 1000;
    static constexpr std::uint8_t most_probes = std::numeric_limits<std::uint8_t>::max();

    struct Table {
        std::vector<const std::string*> places;
        std::uint8_t shift = 0;
        std::uint8_t probes = most_probes;
    };

    /// Moves static segments that every pattern below shares into the label, which stands behind
    /// the node's own text; the node that is left.
    std::uint32_t merge_chain(std::uint32_t source, std::uint32_t place) {
        std::string label;
        for (;;) {
            const Growing& growing = sapling_[source];
            const bool is_chain = growing.children.size() == 1 && growing.parameter == none &&
                                  !growing.catch_all.is_there() && !growing.ending.is_there();
            if (!is_chain) break;
            const auto& [text, below] = *growing.children.begin();
            if (sapling_[below].ending.is_there() || label.size() + text.size() >= max_label) break;
            label.append(text).push_back('/');
            source = below;
        }
        tree_.nodes_[place].label_size = static_cast<std::uint16_t>(label.size());
        tree_.text_.append(label);
        return source;
    }

    void add_children(const Growing& growing, std::uint32_t place) {
        const Table table = choose_table(growing);
        const std::uint32_t first = add_nodes(table.places.size());
        tree_.nodes_[place].first_child = first;
        tree_.nodes_[place].child_mask = static_cast<std::uint32_t>(table.places.size() - 1);
        tree_.nodes_[place].hash_shift = table.shift;
        tree_.nodes_[place].probes = table.probes;
        for (std::uint32_t i = 0; i < table.places.size(); ++i) {
            if (table.places[i] == nullptr) continue;
            const std::string& text = *table.places[i];
            name(first + i, text);
            lay_out(growing.children.find(text)->second, first + i);
        }
    }

    /// Of all shifts the one with the shortest longest probe; one look is enough at most nodes
    /// then. A larger table is tried when a probe would be too long to be counted.
    static Table choose_table(const Growing& growing) {
        const std::size_t count = growing.children.size();
        std::size_t size = count == 1 ? 1 : std::bit_ceil(count + count / 2);
        Table best;
        for (; best.places.empty(); size *= 2) {
            const auto most = static_cast<std::uint8_t>(64 - std::bit_width(size));
            for (std::uint8_t shift = most; shift >= 24 && best.probes > 1; --shift) {
                Table table{std::vector<const std::string*>(size), shift, 0};
                for (const auto& [text, below] : growing.children) put(table, text);
                if (table.probes < best.probes) best = std::move(table);
            }
        }
        return best;
    }

    static void put(Table& table, const std::string& text) {
        const std::size_t mask = table.places.size() - 1;
        std::size_t probes = 1;
        std::size_t place = (SegmentCursor::read_alone(text).hash() >> table.shift) & mask;
        for (; table.places[place] != nullptr; place = (place + 1) & mask) ++probes;
        table.places[place] = &text;
        const auto counted = static_cast<std::uint8_t>(std::min<std::size_t>(probes, most_probes));
        table.probes = std::max(table.probes, counted);
    }

    RadixTree& tree_;
    const Sapling& sapling_;
};

RadixTree::RadixTree(const std::vector<Item>& items) {
    if (items.empty()) return;
    const Sapling sapling(items);
    Builder builder(*this, sapling);
    builder.add_nodes(2);
    builder.name(0, {});
    builder.lay_out(0, 0);
    nodes_.shrink_to_fit();
}

bool RadixTree::has_text(const Node& node, std::string_view segment) const noexcept {
    return equal_bytes(text_.data() + node.text_offset, segment.data(), segment.size());
}

}  // namespace sluice::routing
