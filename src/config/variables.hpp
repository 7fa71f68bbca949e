#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_tree.hpp"
#include "config/problem.hpp"

namespace sluice::config {

/// An environment variable, if it is set.
using FindVariable = std::function<std::optional<std::string>(const std::string& name)>;

/// Something wrong with a reference, and where in the text the reference begins.
struct VariableFault {
    std::size_t offset = 0;
    Complaint complaint;
};

struct ExpandedText {
    std::string text;
    /// Whether a value of the environment, or the default instead of it, stands in the text.
    bool has_references = false;
    /// Whether one reference was the whole text.
    bool is_reference = false;
    std::vector<VariableFault> faults;
};

/// Puts values in the place of "${NAME}" and "${NAME:-default}"; "$${" stands for "${". The default is taken for a
/// variable that is not set or empty, and ends with the first '}'. What is put in is not looked at again.
[[nodiscard]] ExpandedText expand_variables(std::string_view text, const FindVariable& find);

/// Expands every string of the tree but its keys. `source` is the text from which the tree was read.
///
/// Failure: stands in `problems`, at the line and column of each reference.
void expand_variables(Node& root, std::string_view source, const FindVariable& find, std::vector<Problem>& problems);

/// Makes a tree of values one that can be read again: what expanding it yields is what it holds now.
void escape_variables(Node& root);
[[nodiscard]] std::string escape_variables(std::string_view text);

}  // namespace sluice::config
