#include "config/words.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/problem.hpp"

namespace sluice::config {
namespace {

/// connect-timeout, connectTimeout and connect_timeout are one.
std::string folded(std::string_view word) {
    std::string out;
    for (const char c : word) {
        if (c != '-' && c != '_') out.push_back(lower(c));
    }
    return out;
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view words) {
    std::vector<std::string_view> out;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        out.push_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return out;
}

std::string enumerate(std::span<const std::string_view> words, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? last : ", ";
        out += in_quotes(words[i]);
    }
    return out;
}

std::optional<std::string_view> find_nearest(std::string_view word,
                                             std::span<const std::string_view> candidates) {
    // Long words are compared by their beginning: the distance costs the product of the lengths.
    constexpr std::size_t longest = 64;
    const std::string wanted = folded(word.substr(0, longest));
    std::optional<std::string_view> nearest;
    std::size_t least = std::max<std::size_t>(1, wanted.size() / 3) + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(wanted, folded(candidate.substr(0, longest)));
        if (distance < least) {
            least = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

std::string suggest(std::string_view word, std::span<const std::string_view> candidates) {
    if (const auto nearest = find_nearest(word, candidates)) {
        return "did you mean " + in_quotes(*nearest) + "?";
    }
    constexpr std::size_t most = 20;
    if (candidates.empty()) return {};
    const std::string more = candidates.size() > most ? ", ..." : "";
    return (candidates.size() == 1 ? "known is " : "known are ") +
           enumerate(candidates.first(std::min(most, candidates.size()))) + more;
}

}  // namespace sluice::config
