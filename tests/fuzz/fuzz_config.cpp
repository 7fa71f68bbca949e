#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/parse.hpp"
#include "fuzz/require.hpp"

// Properties: any text gives a configuration or a list of problems, and every problem says what it
// is.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using sluice::fuzz::require;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = sluice::config::parse(text, "fuzz.json");
    if (config) return 0;
    require(!config.error().empty(), "a refusal has a problem");
    return 0;
}
