#include "config/diff_values.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "config/effective.hpp"
#include "config/json_format.hpp"
#include "config/words.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t longest_value = 60;
constexpr std::size_t most_named = 6;

bool is_default(const Key& key, const Node& node) {
    if (node.kind == Node::Kind::Array && key.type != Type::Statuses) return node.elements.empty();
    if (node.kind == Node::Kind::Object) {
        return std::ranges::all_of(node.members, [&](const Member& member) {
            return key.object != nullptr && is_default(key_of(*key.object, member.key), member.value);
        });
    }
    return compact_json(node) == key.default_text(key);
}

/// Lists are sets, but for these, which are tried one after another.
bool has_order(const Key& key) { return key.name == "servers"; }

void add_line(std::vector<std::string>& details, const std::string& name, const std::string& words) {
    details.push_back(name + ": " + words);
}

std::string words_or_none(const Node* node) { return node == nullptr ? "none" : value_words(*node); }

std::vector<std::string> sorted_elements(const Node* list) {
    std::vector<std::string> texts;
    if (list == nullptr) return texts;
    for (const Node& element : list->elements) texts.push_back(value_words(element));
    std::ranges::sort(texts);
    return texts;
}

/// "GET, PUT and 12 more".
std::string join(const std::vector<std::string>& texts) {
    std::string out;
    for (std::size_t i = 0; i < std::min(texts.size(), most_named); ++i) {
        if (i > 0) out += ", ";
        out += texts[i];
    }
    if (texts.size() > most_named) out += " and " + std::to_string(texts.size() - most_named) + " more";
    return out;
}

void compare_lists(const Node* before, const Node* after, const std::string& name, std::vector<std::string>& details) {
    const std::vector<std::string> old = sorted_elements(before);
    const std::vector<std::string> now = sorted_elements(after);
    std::vector<std::string> gone;
    std::vector<std::string> added;
    std::ranges::set_difference(old, now, std::back_inserter(gone));
    std::ranges::set_difference(now, old, std::back_inserter(added));
    std::string words;
    if (!added.empty()) words = "added " + join(added);
    if (!gone.empty()) words += (words.empty() ? "removed " : ", removed ") + join(gone);
    if (!words.empty()) add_line(details, name, words);
}

void compare_texts(const Node* before, const Node* after, const std::string& name, std::vector<std::string>& details) {
    static const Node nothing;
    const Node& old = before == nullptr ? nothing : *before;
    const Node& now = after == nullptr ? nothing : *after;
    const auto compare = [&](const std::string& key) {
        const Node* const one = old.find(key);
        const Node* const other = now.find(key);
        if (one != nullptr && other != nullptr && compact_json(*one) == compact_json(*other)) return;
        const std::string place = name + "." + key;
        if (is_credential_name(key)) {
            add_line(details, place, one == nullptr ? "added" : other == nullptr ? "removed" : "changed");
        } else {
            add_line(details, place, words_or_none(one) + " -> " + words_or_none(other));
        }
    };
    for (const Member& member : old.members) compare(member.key);
    for (const Member& member : now.members) {
        if (old.find(member.key) == nullptr) compare(member.key);
    }
}

/// By the first key, which names the element.
const Node* find_element(const Key& key, const Node* list, const Node& wanted) {
    if (list == nullptr) return nullptr;
    const std::string_view name = key.object->keys.front().name;
    for (const Node& element : list->elements) {
        const Node* const one = element.find(name);
        const Node* const other = wanted.find(name);
        if (one != nullptr && other != nullptr && one->text == other->text) return &element;
    }
    return nullptr;
}

void compare_object_lists(const Key& key, const Node* before, const Node* after, const std::string& name,
                          std::vector<std::string>& details) {
    const std::string_view naming = key.object->keys.front().name;
    static const Node nothing;
    const auto place = [&](const Node& element) { return name + " " + element.find(naming)->text; };
    for (const Node& element : (before == nullptr ? nothing : *before).elements) {
        const Node* const other = find_element(key, after, element);
        if (other == nullptr) {
            add_line(details, place(element), "removed");
        } else {
            compare_objects(*key.object, element, *other, place(element) + ".", details);
        }
    }
    for (const Node& element : (after == nullptr ? nothing : *after).elements) {
        if (find_element(key, before, element) != nullptr) continue;
        const std::string words = describe_object(*key.object, element, naming);
        add_line(details, place(element), words.empty() ? "added" : "added (" + words + ")");
    }
}

void compare_nested(const Key& key, const Node* before, const Node* after, const std::string& name,
                    std::vector<std::string>& details) {
    if (before != nullptr && after != nullptr) return compare_objects(*key.object, *before, *after, name + ".", details);
    const Node& there = before != nullptr ? *before : *after;
    // Nothing is said by an object that need not be there and has its defaults.
    if (key.default_note.empty() && is_default(key, there)) return;
    const std::string words = describe_object(*key.object, there);
    add_line(details, name, (before == nullptr ? "added" : "removed") + (words.empty() ? "" : " (" + words + ")"));
}

}  // namespace

const Key& key_of(const Object& object, std::string_view name) { return *std::ranges::find(object.keys, name, &Key::name); }

void compare_values(const Key& key, const Node* before, const Node* after, const std::string& name,
                    std::vector<std::string>& details) {
    if (before == nullptr && after == nullptr) return;
    switch (key.type) {
        case Type::Object: return compare_nested(key, before, after, name, details);
        case Type::Objects: return compare_object_lists(key, before, after, name, details);
        case Type::TextMap:
        case Type::Conditions: return compare_texts(before, after, name, details);
        case Type::Networks:
        case Type::Texts:
        case Type::Addresses:
        case Type::Statuses:
            if (!has_order(key)) return compare_lists(before, after, name, details);
            break;
        default: break;
    }
    if (before != nullptr && after != nullptr && compact_json(*before) == compact_json(*after)) return;
    if (before == nullptr && is_default(key, *after)) return;
    if (after == nullptr && is_default(key, *before)) return;
    if (is_secret(key)) return add_line(details, name, "changed");
    add_line(details, name, words_or_none(before) + " -> " + words_or_none(after));
}

void compare_objects(const Object& object, const Node& before, const Node& after, const std::string& prefix,
                     std::vector<std::string>& details, std::string_view skipped) {
    const auto passed_over = split_words(skipped);
    for (const Key& key : object.keys) {
        if (std::ranges::find(passed_over, key.name) != passed_over.end()) continue;
        compare_values(key, before.find(key.name), after.find(key.name), prefix + std::string(key.name), details);
    }
}

std::string describe_object(const Object& object, const Node& node, std::string_view skipped) {
    const auto passed_over = split_words(skipped);
    std::vector<std::string> parts;
    for (const Member& member : node.members) {
        const Key& key = key_of(object, member.key);
        if (std::ranges::find(passed_over, key.name) != passed_over.end() || is_default(key, member.value)) continue;
        const bool is_nested = member.value.kind == Node::Kind::Object || key.type == Type::Objects;
        const bool is_plain = !is_nested && !is_secret(key);
        parts.push_back(member.key + (is_plain ? " " + value_words(member.value) : ""));
    }
    return join(parts);
}

std::string value_words(const Node& node) {
    if (node.kind != Node::Kind::Text) return compact_json(node);
    const bool is_bare = !node.text.empty() && std::ranges::all_of(node.text, [](char c) { return c > ' ' && c < 0x7F && c != '"'; });
    std::string words = node.text;
    if (words.size() > longest_value) words.resize(longest_value);
    if (!is_bare) {
        std::string quoted;
        append_json_string(quoted, words);
        words = std::move(quoted);
    }
    if (node.text.size() > longest_value) words += "... (" + std::to_string(node.text.size()) + " bytes)";
    return words;
}

}  // namespace sluice::config
