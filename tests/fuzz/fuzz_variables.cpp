#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/variables.hpp"
#include "fuzz/require.hpp"

// Properties: what was escaped is expanded to itself; a fault lies within the text and says what it is; a text without
// "${" stays as it is; every reference to a variable that is set to nothing leaves a text that is no longer.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice::config;
    using sluice::fuzz::require;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const FindVariable none = [](const std::string&) { return std::optional<std::string>{}; };
    const FindVariable empty = [](const std::string&) { return std::optional<std::string>{std::string{}}; };

    const ExpandedText escaped = expand_variables(escape_variables(text), none);
    require(escaped.text == text && escaped.faults.empty() && !escaped.has_references, "what was escaped comes back");

    const ExpandedText expanded = expand_variables(text, none);
    for (const VariableFault& fault : expanded.faults) {
        require(text.substr(fault.offset).starts_with("${"), "a fault stands at a reference");
        require(!fault.complaint.message.empty() && !fault.complaint.help.empty(), "a fault says what it is");
    }
    if (!text.contains("${")) require(expanded.text == text, "a text without references stays as it is");
    require(expand_variables(text, empty).text.size() <= text.size(), "nothing is put in for nothing");
    return 0;
}
