#include "config/json_format.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t width = 100;
constexpr std::size_t indent_step = 2;

void append_compact(std::string& out, const Node& node);

void append_key(std::string& out, const std::string& key) {
    append_json_string(out, key);
    out += ": ";
}

void append_compact_object(std::string& out, const Node& node) {
    out += '{';
    for (const Member& member : node.members) {
        if (&member != node.members.data()) out += ", ";
        append_key(out, member.key);
        append_compact(out, member.value);
    }
    out += '}';
}

void append_compact(std::string& out, const Node& node) {
    switch (node.kind) {
        case Node::Kind::Null: out += "null"; break;
        case Node::Kind::Boolean: out += node.boolean ? "true" : "false"; break;
        case Node::Kind::Number: out += node.text; break;
        case Node::Kind::Text: append_json_string(out, node.text); break;
        case Node::Kind::Array:
            out += '[';
            for (const Node& element : node.elements) {
                if (&element != node.elements.data()) out += ", ";
                append_compact(out, element);
            }
            out += ']';
            break;
        case Node::Kind::Object: append_compact_object(out, node); break;
    }
}

void start_line(std::string& out, std::size_t indent) { out.append("\n").append(indent, ' '); }

/// Whether the node in one line is surely longer than the room, without writing it. What is taken of the room is taken off.
bool is_longer(const Node& node, std::size_t& room) {
    const auto take = [&room](std::size_t bytes) {
        const bool is_too_much = bytes > room;
        room -= std::min(bytes, room);
        return is_too_much;
    };
    if (take(node.text.size() + 1)) return true;
    const bool has_long_member = std::ranges::any_of(node.members, [&](const Member& member) {
        return take(member.key.size() + 4) || is_longer(member.value, room);
    });
    return has_long_member || std::ranges::any_of(node.elements, [&](const Node& element) { return is_longer(element, room); });
}

/// `room` is what is left of the line.
void append_pretty(std::string& out, const Node& node, std::size_t indent, std::size_t room) {
    const bool is_nested = node.kind == Node::Kind::Array || node.kind == Node::Kind::Object;
    const bool is_empty = node.elements.empty() && node.members.empty();
    if (!is_nested || is_empty) {
        append_compact(out, node);
        return;
    }
    if (std::size_t left = room; indent > 0 && !is_longer(node, left)) {
        const std::string line = compact_json(node);
        if (line.size() <= room) {
            out += line;
            return;
        }
    }
    const bool is_array = node.kind == Node::Kind::Array;
    const std::size_t inner = indent + indent_step;
    out += is_array ? '[' : '{';
    for (const Node& element : node.elements) {
        if (&element != node.elements.data()) out += ',';
        start_line(out, inner);
        append_pretty(out, element, inner, width - std::min(inner, width));
    }
    for (const Member& member : node.members) {
        if (&member != node.members.data()) out += ',';
        start_line(out, inner);
        append_key(out, member.key);
        append_pretty(out, member.value, inner, width - std::min(inner + member.key.size() + 4, width));
    }
    start_line(out, indent);
    out += is_array ? ']' : '}';
}

}  // namespace

std::string compact_json(const Node& node) {
    std::string out;
    append_compact(out, node);
    return out;
}

std::string format_json(const Node& node) {
    std::string out;
    append_pretty(out, node, 0, 0);
    out += '\n';
    return out;
}

}  // namespace sluice::config
