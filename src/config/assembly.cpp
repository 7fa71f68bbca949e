#include "config/assembly.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>

#include "base/text.hpp"
#include "config/file_path.hpp"
#include "config/variables.hpp"

namespace sluice::config {
namespace {

constexpr std::array<std::string_view, 3> lists{"listeners", "routes", "clusters"};
constexpr std::size_t any_size = SIZE_MAX - 1;

/// A pointer into one of the lists: "/routes/7/match" is "routes", 7 and "/match".
struct ListPointer {
    std::string_view list;
    std::size_t index = 0;
    std::string_view rest;
};

std::optional<ListPointer> split(std::string_view pointer) {
    for (const std::string_view list : lists) {
        if (!pointer.starts_with('/') || !pointer.substr(1).starts_with(list)) continue;
        std::string_view rest = pointer.substr(1 + list.size());
        if (!rest.starts_with('/')) continue;
        rest.remove_prefix(1);
        const std::string_view digits = rest.substr(0, rest.find('/'));
        const auto index = parse_decimal(digits);
        if (!index) continue;
        return ListPointer{list, static_cast<std::size_t>(*index), rest.substr(digits.size())};
    }
    return std::nullopt;
}

std::string join(const ListPointer& pointer, std::size_t index) {
    return pointer_to(pointer_to({}, pointer.list), index) + std::string(pointer.rest);
}

}  // namespace

Assembly::Assembly(const std::string& file, Sources& sources) : sources_(sources) {
    read_main(file);
    if (is_complete_) include_all();
}

void Assembly::read_main(const std::string& file) {
    files_.push_back(file);
    const auto text = sources_.read(file, any_size);
    if (text) {
        root_ = read_tree(*text);
        return;
    }
    is_complete_ = false;
    problems_.push_back({{}, {}, {}, "can't be read: " + text.error(), "check the path and its permissions"});
}

Node Assembly::read_tree(const std::string& text) {
    JsonTree tree = read_json(text, static_cast<std::uint32_t>(files_.size() - 1));
    std::ranges::move(tree.problems, std::back_inserter(problems_));
    if (!tree.complete) {
        is_complete_ = false;
        return {};
    }
    const FindVariable find = [this](const std::string& name) { return sources_.variable(name); };
    expand_variables(tree.root, text, find, problems_);
    return std::move(tree.root);
}

void Assembly::include_all() {
    for (const std::string_view list : lists) segments_.push_back({list, 0, 0});
    const Node* found = root_.find("include");
    if (found == nullptr) return;
    // Merging adds members, which moves them.
    const Node include = *found;
    for (std::size_t i = 0; i < include.elements.size(); ++i) {
        const Node& entry = include.elements[i];
        const std::string pointer = pointer_to("/include", i);
        // Of anything that is no text the reader will complain.
        const bool is_said = std::ranges::find(problems_, pointer, &Problem::pointer) != problems_.end();
        if (entry.kind == Node::Kind::Text && !is_said) include_entry(entry.text, entry.position, pointer);
    }
}

void Assembly::include_entry(const std::string& written, Position position, const std::string& pointer) {
    if (written.empty()) {
        problems_.push_back({{}, position, pointer, "the path is empty", "write one such as \"conf.d/*.json\""});
        return;
    }
    const std::string path = resolve_path(files_.front(), written);
    if (!is_glob(path)) {
        include_file(path, position, pointer);
        return;
    }
    for (const std::string& match : find_files(path, sources_)) {
        // A pattern may well match the file in which it stands.
        if (match != resolve_path({}, files_.front())) include_file(match, position, pointer);
    }
}

void Assembly::include_file(const std::string& path, Position position, const std::string& pointer) {
    if (std::ranges::find(files_, path) != files_.end()) return;
    const auto text = sources_.read(path, any_size);
    if (!text) {
        is_complete_ = false;
        problems_.push_back({{},
                             position,
                             pointer,
                             in_quotes(path) + " can't be read: " + text.error(),
                             "check it; a pattern such as \"conf.d/*.json\" may match nothing"});
        return;
    }
    files_.push_back(path);
    const std::size_t first_problem = problems_.size();
    Node included = read_tree(*text);
    if (included.kind == Node::Kind::Object) {
        merge(std::move(included));
        globalise(first_problem);
    } else if (included.position.line != 0) {
        problems_.push_back({{}, included.position, {}, "expected an object, found " + std::string(describe(included)),
                             "write { \"routes\": [], \"clusters\": [] }"});
    }
}

void Assembly::merge(Node included) {
    // Of a file that is no object nothing more is known, and the reader will say so.
    if (root_.kind != Node::Kind::Object) return;
    for (Member& member : included.members) {
        if (std::ranges::find(lists, member.key) != lists.end()) {
            merge_list(*std::ranges::find(lists, member.key), member);
        } else {
            merge_key(member);
        }
    }
}

void Assembly::merge_list(std::string_view list, Member& member) {
    const std::uint32_t file = member.key_position.file;
    if (member.value.kind != Node::Kind::Array) {
        problems_.push_back({{},
                             member.value.position,
                             pointer_to({}, list),
                             "expected an array, found " + std::string(describe(member.value)),
                             "write it in [ ]"});
        return;
    }
    const auto whole = std::ranges::find(root_.members, list, &Member::key);
    if (whole == root_.members.end()) {
        segments_.push_back({list, file, 0});
        root_.members.push_back(std::move(member));
        return;
    }
    segments_.push_back({list, file, whole->value.elements.size()});
    std::ranges::move(member.value.elements, std::back_inserter(whole->value.elements));
}

void Assembly::merge_key(Member& member) {
    if (member.key == "$schema") return;
    if (member.key == "include") {
        problems_.push_back({{}, member.key_position, "/include", "only the main file may include others",
                             "add the files to 'include' in " + in_quotes(files_.front())});
        return;
    }
    const auto first = std::ranges::find(root_.members, member.key, &Member::key);
    if (first == root_.members.end()) {
        root_.members.push_back(std::move(member));
        return;
    }
    const Position at = first->key_position;
    problems_.push_back({{},
                         member.key_position,
                         pointer_to({}, member.key),
                         "the key stands in two files",
                         "it stands first in " + in_quotes(files_[at.file]) + ", line " + std::to_string(at.line) +
                             ", column " + std::to_string(at.column)});
}

void Assembly::globalise(std::size_t first_problem) {
    for (std::size_t i = first_problem; i < problems_.size(); ++i) {
        const auto pointer = split(problems_[i].pointer);
        if (!pointer) continue;
        const Segment* segment = find_segment(pointer->list, problems_[i].position.file);
        if (segment != nullptr) problems_[i].pointer = join(*pointer, segment->begin + pointer->index);
    }
}

std::string Assembly::localise(std::string_view pointer, Position position) const {
    const auto parts = split(pointer);
    if (!parts) return std::string(pointer);
    const Segment* segment = find_segment(parts->list, position.file);
    if (segment == nullptr || parts->index < segment->begin) return std::string(pointer);
    return join(*parts, parts->index - segment->begin);
}

const Assembly::Segment* Assembly::find_segment(std::string_view list, std::uint32_t file) const {
    const auto segment = std::ranges::find_if(
        segments_, [&](const Segment& candidate) { return candidate.list == list && candidate.file == file; });
    return segment == segments_.end() ? nullptr : &*segment;
}

}  // namespace sluice::config
