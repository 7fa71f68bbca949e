#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "config/parse.hpp"
#include "unit/config/text_file.hpp"

namespace sluice::config {
namespace {

/// Seeded changes of a text: bytes overwritten, taken out, doubled, and pieces moved.
class Mutator {
public:
    explicit Mutator(std::uint32_t seed) : random_(seed) {}

    std::string mutate(std::string text) {
        const std::size_t changes = 1 + below(4);
        for (std::size_t i = 0; i < changes && !text.empty(); ++i) change(text);
        return text;
    }

private:
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_()) % bound; }

    void change(std::string& text) {
        static const std::vector<std::string> pieces{"{",
                                                     "}",
                                                     "[",
                                                     "]",
                                                     ",",
                                                     ":",
                                                     "\"",
                                                     "\\",
                                                     "\n",
                                                     "//",
                                                     "/*",
                                                     "*/",
                                                     "null",
                                                     "true",
                                                     "-1",
                                                     "1e400",
                                                     "\"\"",
                                                     "{}",
                                                     "[]",
                                                     "\xFF",
                                                     "\xEF\xBB\xBF",
                                                     "\\u0000",
                                                     "\\ud800",
                                                     "99999999999999999999",
                                                     "'",
                                                     std::string(1, '\0'),
                                                     std::string(70, '[')};
        const std::size_t at = below(text.size());
        const std::size_t length = below(12);
        switch (below(5)) {
            case 0:
                text[at] = static_cast<char>(below(256));
                break;
            case 1:
                text.erase(at, length);
                break;
            case 2:
                text.insert(at, pieces[below(pieces.size())]);
                break;
            case 3:
                text.replace(at, length, pieces[below(pieces.size())]);
                break;
            default:
                text.insert(below(text.size()), text.substr(at, length * 4));
                break;
        }
    }

    std::mt19937 random_;
};

std::size_t lines_of(const std::string& text) {
    return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a mutated configuration never yields a problem without a position and a reason",
          "[config]") {
    const std::string text = test::read_text(test::source_path("tests/data/config/every_key.json"));
    REQUIRE_FALSE(text.empty());
    Mutator mutator(20240607);
    int refused = 0;
    for (int i = 0; i < 5'000; ++i) {
        const std::string mutated = mutator.mutate(text);
        const auto config = parse(mutated, "f");
        if (config) continue;
        ++refused;
        bool sound = !config.error().empty();
        for (const Problem& problem : config.error()) {
            const Position at = problem.position;
            sound = sound && at.line >= 1 && at.line <= lines_of(mutated) && at.column >= 1 &&
                    !problem.message.empty() && problem.file == "f" &&
                    !format_problem(problem).contains('\n');
        }
        if (!sound) {
            CAPTURE(i, mutated);
            for (const Problem& problem : config.error()) UNSCOPED_INFO(format_problem(problem));
            REQUIRE(sound);
        }
    }
    CHECK(refused > 2'500);
}

}  // namespace sluice::config
