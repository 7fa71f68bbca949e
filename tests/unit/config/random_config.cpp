#include "unit/config/random_config.hpp"

#include <algorithm>
#include <utility>

#include "config/effective.hpp"
#include "config/json_format.hpp"
#include "config/node_writer.hpp"
#include "config/quantity.hpp"
#include "config/words.hpp"

namespace sluice::test {
namespace {

using config::Key;
using config::Node;
using config::Type;

class Variation {
public:
    explicit Variation(std::mt19937& random) : random_(random) {}

    void vary(const config::Object& object, Node& node) {
        for (config::Member& member : node.members) {
            const auto key = std::ranges::find(object.keys, member.key, &Key::name);
            if (key->object != nullptr) {
                if (member.value.kind == Node::Kind::Object) vary(*key->object, member.value);
                for (Node& element : member.value.elements) vary(*key->object, element);
            } else if (one_in(4)) {
                change(*key, member.value);
            }
        }
        std::erase_if(node.members, [&](const config::Member& member) {
            const auto key = std::ranges::find(object.keys, member.key, &Key::name);
            const bool is_choice_of_many = std::ranges::find(object.one_of, member.key) != object.one_of.end();
            return !key->required && !is_choice_of_many && key->name != "name" && one_in(8);
        });
    }

private:
    bool one_in(std::uint32_t n) { return random_() % n == 0; }

    std::uint64_t within(const config::Range& range) {
        const std::uint64_t most = std::min<std::uint64_t>(range.most, range.least + 100'000);
        return range.least + random_() % (most - range.least + 1);
    }

    void change(const Key& key, Node& value) {
        switch (key.type) {
            case Type::Boolean: value.boolean = !value.boolean; break;
            case Type::Number: value = config::number_node(within(key.range)); break;
            case Type::NumberOrAuto:
            case Type::Size: value = config::write_number(key, within(key.range)); break;
            case Type::Duration:
                value = config::text_node(config::format_duration(std::chrono::milliseconds(within(key.range))));
                break;
            case Type::Choice: change_choice(key, value); break;
            case Type::Text: value.text += one_in(2) ? "x" : "-2"; break;
            case Type::Statuses: value.elements.push_back(config::text_node("5xx")); break;
            case Type::Texts:
                if (key.range.least == 0) value.elements.clear();
                break;
            default: break;
        }
    }

    void change_choice(const Key& key, Node& value) {
        const auto words = config::split_words(key.choices);
        const std::string word(words[random_() % words.size()]);
        if (value.kind == Node::Kind::Number) {
            value = config::number_node(std::stoull(word));
        } else {
            value.text = word;
        }
    }

    std::mt19937& random_;
};

}  // namespace

std::string vary_config(const config::Config& base, std::mt19937& random) {
    Node tree = config::effective_tree(base, config::Secrets::Shown);
    Variation(random).vary(config::root_object(), tree);
    return config::format_json(tree);
}

}  // namespace sluice::test
