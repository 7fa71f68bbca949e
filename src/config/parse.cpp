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

/// Not when the list or one of the names could not be read, or when a key beside the list is
/// misspelt.
ClusterNames state_of_clusters(const Config& config, const Problems& problems) {
    const auto spoils = [](const Problem& problem) {
        const bool at_top = std::ranges::count(problem.pointer, '/') == 1;
        return problem.pointer == "/clusters" || (at_top && problem.message == "unknown key");
    };
    const bool spoilt = std::ranges::any_of(problems, spoils) ||
                        std::ranges::any_of(config.clusters, &std::string::empty, &Cluster::name);
    return spoilt ? ClusterNames::Incomplete : ClusterNames::Complete;
}

/// What the file left unsaid and the model needs.
void fill_names(Config& config) {
    for (Listener& listener : config.listeners) {
        if (listener.name.empty()) listener.name = listener.address.text();
    }
}

void add_findings(const Config& config, const Node& root, Problems& problems) {
    Problems added;
    for (Finding& finding : validate(config, state_of_clusters(config, problems))) {
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
