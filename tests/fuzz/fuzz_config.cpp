#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/parse.hpp"
#include "fuzz/require.hpp"
#include "http/characters.hpp"

// Properties: any text gives a configuration or a list of problems, and every problem says what it
// is.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using sluice::fuzz::require;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = sluice::config::parse(text, "fuzz.json");
    if (config) return 0;
    require(!config.error().empty(), "a refusal has a problem");
    for (const sluice::config::Problem& problem : config.error()) {
        require(!problem.message.empty(), "a problem says what it is");
        const std::string line = format_problem(problem);
        for (const char c : line) {
            require(!sluice::http::is_control(c), "a problem is one line of plain text");
        }
    }
    return 0;
}
