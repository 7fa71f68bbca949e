#include "config/reader.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "config/address.hpp"
#include "config/file_path.hpp"
#include "config/status_range.hpp"
#include "config/quantity.hpp"
#include "config/words.hpp"

namespace sluice::config {
namespace {

std::string describe_range(Type type, std::uint64_t least, std::uint64_t most) {
    const auto write = [type](std::uint64_t value) {
        if (type == Type::Size) return format_size(value);
        if (type == Type::Duration) {
            return '"' + format_duration(std::chrono::milliseconds(value)) + '"';
        }
        return std::to_string(value);
    };
    if (most >= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return "of at least " + write(least);
    }
    return "from " + write(least) + " to " + write(most);
}

bool is_in(const Range& range, std::uint64_t value) {
    return value >= range.least && value <= range.most;
}

std::string_view noun_of(Type type) {
    if (type == Type::Size) return "a size";
    if (type == Type::NumberOrAuto) return "\"auto\" or a number";
    return "a number";
}

std::vector<std::string_view> names_of(std::span<const Key> keys) {
    std::vector<std::string_view> names;
    for (const Key& key : keys) names.push_back(key.name);
    return names;
}

std::vector<std::string_view> present_of(std::span<const std::string_view> names,
                                         const Node& node) {
    std::vector<std::string_view> present;
    for (const std::string_view name : names) {
        if (node.find(name) != nullptr) present.push_back(name);
    }
    return present;
}

const Member& member_of(const Node& node, std::string_view key) {
    return *std::ranges::find(node.members, key, &Member::key);
}

Route finish(RouteDraft draft) {
    Route route = std::move(draft.route);
    if (draft.respond) {
        route.action = std::move(*draft.respond);
    } else if (draft.redirect) {
        route.action = std::move(*draft.redirect);
    } else {
        route.action = std::move(draft.forward);
    }
    return route;
}

}  // namespace

void Reader::read_object(const Object& object, const Node& node, void* owner) {
    if (!expect(node, Node::Kind::Object, "an object")) return;
    for (const Member& member : node.members) {
        const auto key = std::ranges::find(object.keys, member.key, &Key::name);
        const Below below(*this, member.key);
        if (key == object.keys.end()) {
            report_unknown(object, member);
        } else {
            key->read(owner, *key, member.value, *this);
        }
    }
    check_missing(object, node);
    check_one_of(object, node);
    check_only_with(object, node);
}

void Reader::read(const Key&, const Node& node, bool& out) {
    const bool is_word = node.kind == Node::Kind::Text && (node.text == "true" || node.text == "false");
    if (is_word && node.is_reference) {
        out = node.text == "true";
    } else if (is_word) {
        complain(node.position, "expected true or false, found a string",
                 "write it without quotes");
    } else if (expect(node, Node::Kind::Boolean, "true or false")) {
        out = node.boolean;
    }
}

void Reader::read(const Key& key, const Node& node, std::string& out) {
    if (key.secret) {
        read_secret(key, node, out);
    } else {
        read_text(key, node, out);
    }
}

void Reader::read_text(const Key& key, const Node& node, std::string& out) {
    if (!expect(node, Node::Kind::Text, "a string")) return;
    if (node.text.empty() && key.range.least > 0) {
        complain(node.position, "the text is empty",
                 key.required ? "write one" : "leave the key out to have its default");
    } else if (!is_in(key.range, node.text.size())) {
        complain(
            node.position, "the text has " + std::to_string(node.text.size()) + " bytes",
            "write " + describe_range(Type::Number, key.range.least, key.range.most) + " bytes");
    } else {
        out = key.is_path ? resolve_path(context_.files[node.position.file], node.text) : node.text;
    }
}

void Reader::read(const Key& key, const Node& node, std::chrono::milliseconds& out) {
    if (node.kind == Node::Kind::Number) {
        complain(node.position, "expected a duration, found a number",
                 "write it with its unit, such as \"" + (node.number ? node.text : "30") + "s\"");
        return;
    }
    if (!expect(node, Node::Kind::Text, "a duration such as \"30s\"")) return;
    const auto duration = parse_duration(node.text);
    if (!duration) {
        complain(node.position, duration.error().message, duration.error().help);
    } else if (!is_in(key.range, static_cast<std::uint64_t>(duration->count()))) {
        complain(
            node.position, in_quotes(node.text) + " is out of range",
            "write a duration " + describe_range(Type::Duration, key.range.least, key.range.most));
    } else {
        out = *duration;
    }
}

void Reader::read(const Key&, const Node& node, Address& out) {
    if (!expect(node, Node::Kind::Text, "an address such as \"127.0.0.1:8080\"")) return;
    auto address = parse_address(node.text);
    if (address) {
        out = std::move(*address);
    } else {
        complain(node.position, address.error().message, address.error().help);
    }
}

void Reader::read(const Key& key, const Node& node, std::vector<Network>& out) {
    for_each_element(key, node, [&](const Node& element) {
        if (!expect(element, Node::Kind::Text, "a network such as \"10.0.0.0/8\"")) return;
        const auto network = parse_network(element.text);
        if (network) {
            out.push_back(*network);
        } else {
            complain(element.position, network.error().message, network.error().help);
        }
    });
}

void Reader::read(const Key& key, const Node& node, std::vector<std::string>& out) {
    for_each_element(key, node, [&](const Node& element) {
        // One that can't be read keeps its place, so that the others keep their index.
        out.emplace_back();
        if (expect(element, Node::Kind::Text, "a string")) out.back() = element.text;
    });
}

void Reader::read(const Key& key, const Node& node, std::vector<Address>& out) {
    // One that can't be read keeps its place, so that the others keep their index.
    for_each_element(key, node, [&](const Node& element) { read(key, element, out.emplace_back()); });
}

void Reader::read(const Key& key, const Node& node, std::vector<StatusRange>& out) {
    out.clear();
    for_each_element(key, node, [&](const Node& element) {
        const bool is_number = element.kind == Node::Kind::Number;
        if (!is_number && !expect(element, Node::Kind::Text, "a status")) return;
        const auto range = parse_status_range(element.text);
        if (range) {
            out.push_back(*range);
        } else {
            complain(element.position, range.error().message, range.error().help);
        }
    });
}

void Reader::read(const Key&, const Node& node, std::vector<HeaderValue>& out) {
    for_each_text(node, [&](const std::string& name, const std::string& text) {
        out.push_back({name, text});
    });
}

void Reader::read(const Key&, const Node& node, std::map<std::string, std::string>& out) {
    for_each_text(
        node, [&](const std::string& name, const std::string& text) { out.emplace(name, text); });
}

void Reader::read(const Key&, const Node& node, std::vector<Condition>& out) {
    if (!expect(node, Node::Kind::Object, "an object of strings and true")) return;
    for (const Member& member : node.members) {
        const Below below(*this, member.key);
        const Node& value = member.value;
        if (value.kind == Node::Kind::Text) {
            out.push_back({member.key, value.text});
        } else if (value.kind == Node::Kind::Boolean && value.boolean) {
            out.push_back({member.key, std::nullopt});
        } else {
            complain(value.position,
                     "expected a string or true, found " + std::string(describe(value)),
                     "write the value that it must have, or true when any will do");
        }
    }
}

void Reader::read(const Key& key, const Node& node, std::vector<Route>& out) {
    for_each_element(key, node, [&](const Node& element) {
        RouteDraft draft;
        draft.route.position = element.position;
        read_object(*key.object, element, &draft);
        out.push_back(finish(std::move(draft)));
    });
}

void Reader::read(const Key& key, const Node& node, std::optional<HealthCheck>& out) {
    read_struct(*key.object, node, out.emplace());
    if (node.find("timeout") == nullptr) out->timeout = std::min(out->timeout, out->interval);
}

std::optional<std::uint64_t> Reader::read_number(const Key& key, const Node& node,
                                                 std::uint64_t most) {
    most = std::min(most, key.range.most);
    if (key.type == Type::NumberOrAuto && node.kind == Node::Kind::Text && node.text == "auto")
        return 0;
    const bool is_size_text = key.type == Type::Size && node.kind == Node::Kind::Text;
    const bool is_reference = node.is_reference && !is_size_text;
    if (!is_size_text && !is_reference && !expect(node, Node::Kind::Number, noun_of(key.type))) return std::nullopt;
    const std::optional<std::uint64_t> value =
        is_size_text ? read_size(node) : (is_reference ? parse_decimal(node.text) : node.number);
    if (!value && is_size_text) return std::nullopt;
    if (key.type == Type::Choice && value) {
        return check_number_choice(key, node, *value) ? value : std::nullopt;
    }
    if (value && *value >= key.range.least && *value <= most) return value;
    complain(node.position,
             in_quotes(node.text) + (value ? " is out of range" : " is not a whole number from 0"),
             "write " + std::string(noun_of(key.type)) + " " +
                 describe_range(key.type, key.range.least, most));
    return std::nullopt;
}

std::optional<std::uint64_t> Reader::read_size(const Node& node) {
    const auto size = parse_size(node.text);
    if (size) return *size;
    complain(node.position, size.error().message, size.error().help);
    return std::nullopt;
}

bool Reader::check_number_choice(const Key& key, const Node& node, std::uint64_t value) {
    const auto choices = split_words(key.choices);
    if (std::ranges::find(choices, std::to_string(value)) != choices.end()) return true;
    complain(node.position, in_quotes(node.text) + " is not allowed",
             "write " + enumerate(choices, " or "));
    return false;
}

std::optional<std::size_t> Reader::read_choice(const Key& key, const Node& node) {
    const auto choices = split_words(key.choices);
    const std::string allowed = enumerate(choices, " or ");
    if (!expect(node, Node::Kind::Text, allowed)) return std::nullopt;
    const auto choice = std::ranges::find(choices, node.text);
    if (choice != choices.end()) return static_cast<std::size_t>(choice - choices.begin());
    const auto nearest = find_nearest(node.text, choices);
    complain(node.position, in_quotes(node.text) + " is not known",
             nearest ? "did you mean " + in_quotes(*nearest) + "?" : "write " + allowed);
    return std::nullopt;
}

bool Reader::is_list(const Key& key, const Node& node) {
    if (!expect(node, Node::Kind::Array, "an array")) return false;
    if (is_in(key.range, node.elements.size())) return true;
    complain(node.position, "the list has " + std::to_string(node.elements.size()) + " entries",
             "it must have " + describe_range(Type::Number, key.range.least, key.range.most));
    return false;
}

void Reader::report_unknown(const Object& object, const Member& member) {
    const auto names = names_of(object.keys);
    complain(member.key_position, "unknown key", suggest(member.key, names));
}

void Reader::check_missing(const Object& object, const Node& node) {
    for (const Key& key : object.keys) {
        if (!key.required || node.find(key.name) != nullptr) continue;
        complain(node.position, "the key " + in_quotes(key.name) + " is missing",
                 "add it: " + std::string(key.sentence));
    }
}

void Reader::check_one_of(const Object& object, const Node& node) {
    if (object.one_of.empty()) return;
    const auto present = present_of(object.one_of, node);
    if (present.size() == 1) return;
    const std::string help = "write exactly one of " + enumerate(object.one_of, " or ");
    if (present.empty()) {
        complain(node.position, "the " + std::string(object.title) + " lacks its most important key", help);
    } else {
        complain(member_of(node, present[1]).key_position,
                 enumerate(present) + " exclude each other", help);
    }
}

void Reader::check_only_with(const Object& object, const Node& node) {
    // Without any of the alternatives the wish behind the key is unknown, and that was said
    // already.
    if (!object.one_of.empty() && present_of(object.one_of, node).empty()) return;
    for (const Key& key : object.keys) {
        if (key.only_with.empty() || node.find(key.name) == nullptr) continue;
        const auto others = split_words(key.only_with);
        if (!present_of(others, node).empty()) continue;
        const Below below(*this, key.name);
        complain(member_of(node, key.name).key_position,
                 "has no effect without " + enumerate(others, " or "), "remove it");
    }
}

bool Reader::expect(const Node& node, Node::Kind kind, std::string_view expected) {
    if (node.kind == kind) return true;
    std::string help;
    if (node.kind == Node::Kind::Null && !pointer_.empty())
        help = "leave it out to have its default";
    const bool is_quoted_number =
        node.kind == Node::Kind::Text && parse_decimal(node.text).has_value();
    const bool is_mixed = node.has_references && !node.is_reference;
    if (kind == Node::Kind::Number && is_quoted_number) help = "write it without quotes";
    if ((kind == Node::Kind::Number || kind == Node::Kind::Boolean) && is_mixed) help = "write \"${NAME}\" and nothing else";
    if (kind == Node::Kind::Text && node.kind == Node::Kind::Number)
        help = "write it in double quotes";
    if (kind == Node::Kind::Array) help = "write it in [ ]";
    complain(node.position,
             "expected " + std::string(expected) + ", found " + std::string(describe(node)),
             std::move(help));
    return false;
}

void Reader::complain(Position position, std::string message, std::string help) {
    context_.problems.push_back({{}, position, pointer_, std::move(message), std::move(help)});
}

void Reader::warn(Position position, std::string message, std::string help) {
    context_.warnings.push_back({{}, position, pointer_, std::move(message), std::move(help)});
}

}  // namespace sluice::config
