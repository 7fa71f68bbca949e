#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_tree.hpp"
#include "config/problem.hpp"
#include "config/sources.hpp"

namespace sluice::config {

/// A configuration file and the files that it includes, put together as one tree: the lists of listeners, routes and
/// clusters one behind the other, every other key once. Pointers lead into the whole until `localise` makes them those
/// of one file.
///
/// Lifetime: the sources outlive it.
class Assembly {
public:
    /// Failure: stands in `problems`; see `is_complete`.
    Assembly(const std::string& file, Sources& sources);

    /// False when a file could not be read or is not JSON: then the tree lacks something.
    [[nodiscard]] bool is_complete() const { return is_complete_; }
    [[nodiscard]] const Node& root() const { return root_; }
    /// For Position::file.
    [[nodiscard]] const std::vector<std::string>& files() const { return files_; }
    [[nodiscard]] std::vector<Problem>& problems() { return problems_; }

    /// The pointer in the file to which the position belongs: an included file counts its routes from 0.
    [[nodiscard]] std::string localise(std::string_view pointer, Position position) const;

private:
    /// Elements of one file within a list of the whole.
    struct Segment {
        std::string_view list;
        std::uint32_t file = 0;
        std::size_t begin = 0;
    };

    void read_main(const std::string& file);
    void include_all();
    void include_entry(const std::string& written, Position position, const std::string& pointer);
    void include_file(const std::string& path, Position position, const std::string& pointer);
    /// Yields the root of the file's tree; problems in it are added.
    [[nodiscard]] Node read_tree(const std::string& text);
    void merge(Node included);
    void merge_list(std::string_view list, Member& member);
    void merge_key(Member& member);
    /// Turns pointers of an included file into those of the whole.
    void globalise(std::size_t first_problem);
    [[nodiscard]] const Segment* find_segment(std::string_view list, std::uint32_t file) const;

    Sources& sources_;
    Node root_;
    bool is_complete_ = true;
    std::vector<std::string> files_;
    std::vector<Segment> segments_;
    std::vector<Problem> problems_;
};

}  // namespace sluice::config
