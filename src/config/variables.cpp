#include "config/variables.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/json_cursor.hpp"
#include "config/pointer.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view opening = "${";
constexpr std::string_view escaped_opening = "$${";

bool is_letter(char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view name) {
    const auto may_follow = [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, may_follow);
}

/// Goes over one text from its beginning to its end.
class Expansion {
public:
    Expansion(std::string_view text, const FindVariable& find) : text_(text), find_(find) {}

    ExpandedText run() {
        while (at_ < text_.size()) {
            const std::string_view rest = text_.substr(at_);
            if (rest.starts_with(escaped_opening)) {
                out_.text += opening;
                at_ += escaped_opening.size();
            } else if (rest.starts_with(opening)) {
                take_reference();
            } else {
                out_.text.push_back(text_[at_++]);
            }
        }
        return std::move(out_);
    }

private:
    void take_reference() {
        const std::size_t begin = at_;
        const std::size_t end = text_.find('}', begin);
        if (end == std::string_view::npos) {
            fail(begin, "the reference to a variable is not closed", "add '}', or write \"$${\" for the characters \"${\"");
            at_ = text_.size();
            return;
        }
        at_ = end + 1;
        out_.has_references = true;
        out_.is_reference = begin == 0 && at_ == text_.size();
        put(begin, text_.substr(begin + opening.size(), end - begin - opening.size()));
    }

    void put(std::size_t begin, std::string_view inside) {
        const std::size_t colon = inside.find(":-");
        const std::string name(inside.substr(0, colon));
        if (!is_name(name)) {
            fail(begin, in_quotes(name) + " is not the name of a variable",
                 "write letters, digits and '_' only, or \"$${\" for the characters \"${\"");
            return;
        }
        const std::optional<std::string> value = find_(name);
        const bool has_default = colon != std::string_view::npos;
        if (has_default && (!value || value->empty())) {
            out_.text += inside.substr(colon + 2);
        } else if (!value) {
            fail(begin, "the environment has no variable " + in_quotes(name),
                 "set it, or write a default: \"${" + name + ":-default}\"");
        } else if (!is_utf8(*value)) {
            fail(begin, "the variable " + in_quotes(name) + " holds bytes that are not UTF-8", "set it to text");
        } else {
            out_.text += *value;
        }
    }

    void fail(std::size_t offset, std::string message, std::string help) {
        out_.faults.push_back({offset, {std::move(message), std::move(help)}});
    }

    std::string_view text_;
    const FindVariable& find_;
    std::size_t at_ = 0;
    ExpandedText out_;
};

/// Bytes that a \u escape stands for, when `raw` begins behind its 'u'; a pair of surrogates is two escapes.
struct UnicodeEscape {
    std::size_t raw = 4;
    std::size_t decoded = 1;
};

UnicodeEscape measure_unicode(std::string_view raw) {
    unsigned code = 0;
    for (const char c : raw.substr(0, 4)) {
        const char letter = lower(c);
        code = code * 16 + static_cast<unsigned>(letter <= '9' ? letter - '0' : letter - 'a' + 10);
    }
    if (code >= 0xD800 && code < 0xDC00) return {10, 4};
    if (code >= 0x800) return {4, 3};
    return {4, code >= 0x80 ? std::size_t{2} : std::size_t{1}};
}

/// Where in a string token, with its quotes and escapes, the byte of its content is written.
std::size_t written_offset(std::string_view token, std::size_t offset) {
    std::size_t raw = 1;
    std::size_t decoded = 0;
    while (decoded < offset && raw + 1 < token.size()) {
        if (token[raw] != '\\') {
            ++raw;
            ++decoded;
        } else if (token[raw + 1] == 'u') {
            const UnicodeEscape escape = measure_unicode(token.substr(raw + 2));
            raw += 2 + escape.raw;
            decoded += escape.decoded;
        } else {
            raw += 2;
            ++decoded;
        }
    }
    return raw;
}

Position position_in(std::string_view source, const Node& node, std::size_t offset) {
    JsonCursor cursor(source);
    Token token = cursor.next();
    const auto is_sought = [&] {
        return token.position.line == node.position.line && token.position.column == node.position.column;
    };
    while (!token.text.empty() && !is_sought()) token = cursor.next();
    Position position = JsonCursor::position_of(source, token.begin + written_offset(token.text, offset));
    position.file = node.position.file;
    return position;
}

/// Walks over a tree and keeps the pointer to where it is.
class TreeExpansion {
public:
    TreeExpansion(std::string_view source, const FindVariable& find, std::vector<Problem>& problems)
        : source_(source), find_(find), problems_(problems) {}

    void run(Node& node, const Pointer& pointer) {
        if (node.kind == Node::Kind::Text) expand(node, pointer);
        for (std::size_t i = 0; i < node.elements.size(); ++i) run(node.elements[i], Pointer(pointer, i));
        for (Member& member : node.members) run(member.value, Pointer(pointer, member.key));
    }

private:
    void expand(Node& node, const Pointer& pointer) {
        if (!node.text.contains(opening)) return;
        // The content is read before it is changed: offsets are those of what was written.
        const std::string written = std::move(node.text);
        ExpandedText expanded = expand_variables(written, find_);
        for (VariableFault& fault : expanded.faults) {
            problems_.push_back({{},
                                 position_in(source_, node, fault.offset),
                                 pointer.text(),
                                 std::move(fault.complaint.message),
                                 std::move(fault.complaint.help)});
        }
        node.text = std::move(expanded.text);
        node.has_references = expanded.has_references;
        node.is_reference = expanded.is_reference;
    }

    std::string_view source_;
    const FindVariable& find_;
    std::vector<Problem>& problems_;
};

}  // namespace

ExpandedText expand_variables(std::string_view text, const FindVariable& find) {
    return Expansion(text, find).run();
}

void expand_variables(Node& root, std::string_view source, const FindVariable& find, std::vector<Problem>& problems) {
    TreeExpansion(source, find, problems).run(root, Pointer(""));
}

std::string escape_variables(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t next = std::min(text.find(opening), text.size());
        out += text.substr(0, next);
        text.remove_prefix(next);
        if (text.empty()) break;
        out += escaped_opening;
        text.remove_prefix(opening.size());
    }
    return out;
}

void escape_variables(Node& root) {
    if (root.kind == Node::Kind::Text) root.text = escape_variables(root.text);
    for (Node& element : root.elements) escape_variables(element);
    for (Member& member : root.members) escape_variables(member.value);
}

}  // namespace sluice::config
