#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/load.hpp"
#include "fuzz/require.hpp"
#include "http/characters.hpp"

// Properties: any text, and any second one that it may include, gives a configuration or a list of problems, and every
// problem says what it is and in which file.

namespace {

/// The input up to a byte 0x1E is the main file; what follows is conf.d/a.json, and a secret.
class TwoTexts final : public sluice::config::Sources {
public:
    explicit TwoTexts(std::string_view input) : main_(input.substr(0, input.find('\x1E'))) {
        if (main_.size() < input.size()) included_ = input.substr(main_.size() + 1);
    }
    std::expected<std::string, std::string> read(const std::string& path, std::size_t most) override {
        const std::string_view text = path == "fuzz.json" ? main_ : included_;
        return std::string(text.substr(0, most + 1));
    }
    std::vector<Entry> list(const std::string& folder) override {
        return folder == "conf.d/" ? std::vector<Entry>{{"a.json", false}} : std::vector<Entry>{};
    }
    std::optional<std::string> variable(const std::string& name) override {
        return name == "A" ? std::optional<std::string>("1") : std::nullopt;
    }
    bool is_open_to_all(const std::string&) override { return true; }

private:
    std::string_view main_;
    std::string_view included_;
};

void check(const std::vector<sluice::config::Problem>& problems) {
    using sluice::fuzz::require;
    for (const sluice::config::Problem& problem : problems) {
        require(!problem.message.empty(), "a problem says what it is");
        require(!problem.file.empty(), "a problem names its file");
        for (const char c : format_problem(problem)) {
            require(!sluice::http::is_control(c), "a problem is one line of plain text");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    TwoTexts sources(std::string_view(reinterpret_cast<const char*>(data), size));
    const auto loaded = sluice::config::load("fuzz.json", sources);
    if (!loaded) sluice::fuzz::require(!loaded.error().empty(), "a refusal has a problem");
    check(loaded ? loaded->warnings : loaded.error());
    return 0;
}
