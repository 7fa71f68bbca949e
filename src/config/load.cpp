#include "config/load.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "config/assembly.hpp"
#include "config/reader.hpp"
#include "config/tls_files.hpp"
#include "config/validate.hpp"
#include "config/warnings.hpp"

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

/// Turns findings about a configuration into problems that know where they stand.
class Findings {
public:
    explicit Findings(const Assembly& assembly) : assembly_(assembly) {}

    [[nodiscard]] Problem place(Finding finding) const {
        const Place place = find_place(assembly_.root(), finding.pointer);
        const Position position = finding.at_key ? place.key_position : place.node->position;
        if (!finding.see.empty()) finding.help += "; see " + reference_to(finding.see, position);
        return {{}, position, std::move(finding.pointer), std::move(finding.message), std::move(finding.help)};
    }

private:
    /// A pointer is enough within one file.
    [[nodiscard]] std::string reference_to(const std::string& pointer, Position from) const {
        const Position position = find_place(assembly_.root(), pointer).node->position;
        if (position.file == from.file) return assembly_.localise(pointer, position);
        return format_place(assembly_.files()[position.file], position);
    }

    const Assembly& assembly_;
};

void add_findings(const Config& config, const Assembly& assembly, Problems& problems) {
    Problems added;
    const Findings findings(assembly);
    for (Finding& finding : validate(config, state_of_clusters(config, problems))) {
        if (!is_explained(finding, problems)) added.push_back(findings.place(std::move(finding)));
    }
    std::ranges::move(added, std::back_inserter(problems));
}

void add_warnings(const Config& config, const Assembly& assembly, Problems& warnings) {
    const Findings findings(assembly);
    for (Finding& finding : find_warnings(config)) warnings.push_back(findings.place(std::move(finding)));
}

/// Files beside those of the configuration, once the rest is in order.
std::vector<Finding> look_at_files(Config& config, Sources& sources, const Inspect& inspect, const Assembly& assembly,
                                   Problems& problems) {
    std::vector<Finding> found;
    std::vector<Finding> warnings;
    read_tls_files(config, sources, found, warnings);
    if (found.empty() && inspect) inspect(config, found, warnings);
    const Findings findings(assembly);
    for (Finding& finding : found) problems.push_back(findings.place(std::move(finding)));
    return warnings;
}

/// A value whose variable is missing says nothing: what the reader thinks of it is left out.
void remove_guesses(const Assembly& assembly, Problems& problems, std::size_t first) {
    const auto begin = problems.begin() + static_cast<std::ptrdiff_t>(first);
    const auto is_guess = [&](const Problem& problem) {
        return !problem.pointer.empty() && std::any_of(problems.begin(), begin, [&](const Problem& earlier) {
            return earlier.pointer == problem.pointer &&
                   find_place(assembly.root(), problem.pointer).node->has_references;
        });
    };
    problems.erase(std::remove_if(begin, problems.end(), is_guess), problems.end());
}

/// Who sees only "${PORT}" in the file would wonder about the value in the message.
void explain_variables(const Assembly& assembly, Problems& problems, std::size_t first) {
    for (std::size_t i = first; i < problems.size(); ++i) {
        Problem& problem = problems[i];
        if (!find_place(assembly.root(), problem.pointer).node->has_references) continue;
        problem.help += problem.help.empty() ? "" : "; ";
        problem.help += "the value comes from the environment";
    }
}

/// Names the files, and sorts.
void finish(const Assembly& assembly, Problems& problems) {
    for (Problem& problem : problems) {
        problem.file = assembly.files()[problem.position.file];
        problem.pointer = assembly.localise(problem.pointer, problem.position);
    }
    std::ranges::stable_sort(problems, {}, [](const Problem& problem) {
        return std::tuple(problem.position.file, problem.position.line, problem.position.column);
    });
}

}  // namespace

std::expected<Loaded, std::vector<Problem>> load(const std::string& file, Sources& sources, const Inspect& inspect) {
    Assembly assembly(file, sources);
    Problems problems = std::move(assembly.problems());
    SecretFiles secrets(sources);
    Loaded loaded;
    std::vector<Finding> file_warnings;
    if (assembly.is_complete()) {
        const std::size_t first = problems.size();
        Reader reader({problems, loaded.warnings, assembly.files(), secrets});
        reader.read_object(root_object(), assembly.root(), &loaded.config);
        remove_guesses(assembly, problems, first);
        add_findings(loaded.config, assembly, problems);
        if (problems.empty()) file_warnings = look_at_files(loaded.config, sources, inspect, assembly, problems);
        explain_variables(assembly, problems, first);
        fill_names(loaded.config);
    }
    finish(assembly, problems);
    if (!problems.empty()) return std::unexpected(std::move(problems));
    add_warnings(loaded.config, assembly, loaded.warnings);
    const Findings findings(assembly);
    for (Finding& finding : file_warnings) loaded.warnings.push_back(findings.place(std::move(finding)));
    finish(assembly, loaded.warnings);
    loaded.config.files = assembly.files();
    loaded.files = assembly.files();
    loaded.files.insert(loaded.files.end(), secrets.paths().begin(), secrets.paths().end());
    for (const auto& [path, content] : loaded.config.tls_files) loaded.files.push_back(path);
    return loaded;
}

}  // namespace sluice::config
