#include "config/effective.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/json_format.hpp"
#include "config/node_writer.hpp"
#include "config/variables.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view mask = "***";

/// Words in the names of what should be seen by nobody.
constexpr std::array<std::string_view, 8> credential_words{"authorization", "cookie", "token",  "secret",
                                                           "password",      "apikey", "api-key", "api_key"};

void mask_object(const Object& object, Node& node);

void mask_texts(Node& node) {
    for (Member& member : node.members) {
        if (member.value.kind == Node::Kind::Text && is_credential_name(member.key)) member.value.text = mask;
    }
}

void mask_value(const Key& key, Node& value) {
    if (is_secret(key) && value.kind == Node::Kind::Text) value.text = masked_text(key);
    if (key.type == Type::TextMap || key.type == Type::Conditions) mask_texts(value);
    if (key.type == Type::Object) mask_object(*key.object, value);
    if (key.type != Type::Objects) return;
    for (Node& element : value.elements) mask_object(*key.object, element);
}

void mask_object(const Object& object, Node& node) {
    for (Member& member : node.members) {
        const auto key = std::ranges::find(object.keys, member.key, &Key::name);
        if (key != object.keys.end()) mask_value(*key, member.value);
    }
}

/// Names that listeners have from their addresses may be the same where the system picks the ports: left out, they are.
void remove_repeated_names(const Config& config, Node& tree) {
    const auto list = std::ranges::find(tree.members, "listeners", &Member::key);
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        if (std::ranges::count(config.listeners, config.listeners[i].name, &Listener::name) == 1) continue;
        std::erase_if(list->value.elements[i].members, [](const Member& member) { return member.key == "name"; });
    }
}

}  // namespace

Node effective_tree(const Config& config, Secrets secrets) {
    Node tree = write_object(root_object(), &config);
    remove_repeated_names(config, tree);
    if (secrets == Secrets::Masked) mask_object(root_object(), tree);
    escape_variables(tree);
    return tree;
}

std::string effective_json(const Config& config, Secrets secrets) { return format_json(effective_tree(config, secrets)); }

std::string masked_text(const Key& key) {
    return std::string(std::max<std::size_t>(mask.size(), static_cast<std::size_t>(key.range.least)), '*');
}

bool is_credential_name(std::string_view name) {
    const std::string folded = to_lower(name);
    return std::ranges::any_of(credential_words, [&](std::string_view word) { return folded.contains(word); });
}

}  // namespace sluice::config
