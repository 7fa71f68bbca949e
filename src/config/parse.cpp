#include "config/parse.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "config/json_tree.hpp"
#include "config/reader.hpp"
#include "config/validate.hpp"

namespace sluice::config {
namespace {

using Problems = std::vector<Problem>;

bool lies_below(std::string_view pointer, std::string_view parent) {
    return pointer.starts_with(parent) &&
           (pointer.size() == parent.size() || pointer[parent.size()] == '/');
}

/// Whether a problem that was reported before explains this finding: it stands at the same value or
/// inside it.
bool is_explained(const Finding& finding, const Problems& problems) {
    return std::ranges::any_of(problems, [&](const Problem& problem) {
        return lies_below(problem.pointer, finding.pointer);
    });
}

/// Not when the list, one of its clusters or one of their names could not be read, or when a key beside
/// it is misspelt.
ClusterNames state_of_clusters(const Problems& problems) {
    const auto spoils = [](const Problem& problem) {
        std::string_view pointer = problem.pointer;
        const auto depth = std::ranges::count(pointer, '/');
        if (depth == 1) return pointer == "/clusters" || problem.message == "unknown key";
        return pointer.starts_with("/clusters/") &&
               (depth == 2 || (depth == 3 && pointer.ends_with("/name")));
    };
    return std::ranges::any_of(problems, spoils) ? ClusterNames::Incomplete : ClusterNames::Complete;
}

/// What the file left unsaid and the model needs.
void fill_names(Config& config) {
    for (Listener& listener : config.listeners) {
        if (listener.name.empty()) listener.name = listener.address.text();
    }
}

void add_findings(const Config& config, const Node& root, Problems& problems) {
    Problems added;
    for (Finding& finding : validate(config, state_of_clusters(problems))) {
        if (is_explained(finding, problems)) continue;
        const Place place = find_place(root, finding.pointer);
        added.push_back({{},
                         finding.at_key ? place.key_position : place.node->position,
                         std::move(finding.pointer),
                         std::move(finding.message),
                         std::move(finding.help)});
    }
    std::ranges::move(added, std::back_inserter(problems));
}

}  // namespace

std::expected<Config, std::vector<Problem>> parse(std::string_view text, std::string_view file) {
    JsonTree tree = read_json(text);
    Problems problems = std::move(tree.problems);
    Config config;
    if (tree.complete) {
        Reader reader(problems);
        reader.read_object(root_object(), tree.root, &config);
        add_findings(config, tree.root, problems);
        fill_names(config);
    }
    if (problems.empty()) return config;
    for (Problem& problem : problems) problem.file = file;
    std::ranges::stable_sort(problems, {}, [](const Problem& problem) {
        return std::tuple(problem.position.line, problem.position.column);
    });
    return std::unexpected(std::move(problems));
}

}  // namespace sluice::config
