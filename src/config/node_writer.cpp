#include "config/node_writer.hpp"

#include <algorithm>
#include <utility>

#include "config/address.hpp"
#include "config/quantity.hpp"
#include "config/status_range.hpp"
#include "config/words.hpp"

namespace sluice::config {
namespace {

Node list_node() {
    Node node;
    node.kind = Node::Kind::Array;
    return node;
}

Node object_node() {
    Node node;
    node.kind = Node::Kind::Object;
    return node;
}

void add_member(Node& object, std::string_view key, Node value) {
    object.members.push_back({std::string(key), {}, std::move(value)});
}

/// An empty list or text of a key that takes none is said by leaving it out.
std::optional<Node> unless_refused(const Key& key, Node list) {
    if (list.elements.empty() && key.range.least > 0) return std::nullopt;
    return list;
}

bool has_effect(const Key& key, const Node& node) {
    if (key.only_with.empty()) return true;
    return std::ranges::any_of(split_words(key.only_with), [&](std::string_view other) { return node.find(other) != nullptr; });
}

/// The keys of a route's action stand beside the others: what belongs to another action has no effect there, nor has what
/// belongs to that.
void remove_keys_without_effect(const Object& object, Node& node) {
    const auto is_idle = [&](const Member& member) {
        return !has_effect(*std::ranges::find(object.keys, member.key, &Key::name), node);
    };
    for (auto idle = node.members.begin(); idle != node.members.end();) {
        idle = std::ranges::find_if(node.members, is_idle);
        if (idle != node.members.end()) node.members.erase(idle);
    }
}

RouteDraft draft_of(const Route& route) {
    RouteDraft draft{.route = route, .forward = {}, .respond = {}, .redirect = {}};
    if (const auto* forward = std::get_if<Forward>(&route.action)) draft.forward = *forward;
    if (const auto* respond = std::get_if<Respond>(&route.action)) draft.respond = *respond;
    if (const auto* redirect = std::get_if<Redirect>(&route.action)) draft.redirect = *redirect;
    return draft;
}

}  // namespace

Node text_node(std::string text) {
    Node node;
    node.kind = Node::Kind::Text;
    node.text = std::move(text);
    return node;
}

Node number_node(std::uint64_t value) {
    Node node;
    node.kind = Node::Kind::Number;
    node.number = value;
    node.text = std::to_string(value);
    return node;
}

Node boolean_node(bool value) {
    Node node;
    node.kind = Node::Kind::Boolean;
    node.boolean = value;
    return node;
}

Node write_object(const Object& object, const void* owner) {
    Node node = object_node();
    for (const Key& key : object.keys) {
        std::optional<Node> value = key.write(owner, key);
        if (value) add_member(node, key.name, std::move(*value));
    }
    remove_keys_without_effect(object, node);
    return node;
}

Node write_route(const Object& object, const Route& route) {
    const RouteDraft draft = draft_of(route);
    return write_object(object, &draft);
}

std::optional<Node> write_value(const Key& key, const std::string& value) {
    if (value.empty() && key.range.least > 0) return std::nullopt;
    return text_node(value);
}

std::optional<Node> write_value(const Key&, std::chrono::milliseconds value) { return text_node(format_duration(value)); }

std::optional<Node> write_value(const Key&, const Address& value) {
    if (value.host.empty()) return std::nullopt;
    return text_node(value.text());
}

std::optional<Node> write_value(const Key& key, const std::vector<Network>& value) {
    Node list = list_node();
    for (const Network& network : value) list.elements.push_back(text_node(format_network(network)));
    return unless_refused(key, std::move(list));
}

std::optional<Node> write_value(const Key& key, const std::vector<std::string>& value) {
    Node list = list_node();
    for (const std::string& text : value) list.elements.push_back(text_node(text));
    return unless_refused(key, std::move(list));
}

std::optional<Node> write_value(const Key& key, const std::vector<Address>& value) {
    Node list = list_node();
    for (const Address& address : value) list.elements.push_back(text_node(address.text()));
    return unless_refused(key, std::move(list));
}

std::optional<Node> write_value(const Key& key, const std::vector<StatusRange>& value) {
    Node list = list_node();
    for (const StatusRange& range : value) {
        const bool is_one = range.first == range.last;
        list.elements.push_back(is_one ? number_node(range.first) : text_node(format_range(range)));
    }
    return unless_refused(key, std::move(list));
}

std::optional<Node> write_value(const Key&, const std::vector<HeaderValue>& value) {
    Node object = object_node();
    for (const HeaderValue& header : value) add_member(object, header.name, text_node(header.value));
    return object;
}

std::optional<Node> write_value(const Key&, const std::map<std::string, std::string>& value) {
    Node object = object_node();
    for (const auto& [name, text] : value) add_member(object, name, text_node(text));
    return object;
}

std::optional<Node> write_value(const Key&, const std::vector<Condition>& value) {
    Node object = object_node();
    for (const Condition& condition : value) {
        add_member(object, condition.name, condition.value ? text_node(*condition.value) : boolean_node(true));
    }
    return object;
}

std::optional<Node> write_value(const Key& key, const std::vector<Route>& value) {
    Node list = list_node();
    for (const Route& route : value) list.elements.push_back(write_route(*key.object, route));
    return list;
}

Node write_number(const Key& key, std::uint64_t value) {
    if (key.type == Type::NumberOrAuto && value == 0) return text_node("auto");
    if (key.type == Type::Size && value != 0) return text_node(format_size(value));
    return number_node(value);
}

Node write_choice(const Key& key, std::size_t index) {
    return text_node(std::string(split_words(key.choices)[index]));
}

}  // namespace sluice::config
