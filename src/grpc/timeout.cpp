#include "grpc/timeout.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.hpp"

namespace sluice::grpc {
namespace {

constexpr std::size_t most_digits = 8;
constexpr std::uint64_t beyond_digits = 100'000'000;

struct Unit {
    char letter;
    std::uint64_t nanoseconds;
};

/// From fine to coarse.
constexpr std::array<Unit, 6> units = {{
    {'n', 1},
    {'u', 1'000},
    {'m', 1'000'000},
    {'S', 1'000'000'000},
    {'M', 60'000'000'000},
    {'H', 3'600'000'000'000},
}};

}  // namespace

std::optional<Duration> parse_timeout(std::string_view text) {
    if (text.size() < 2 || text.size() > most_digits + 1) return std::nullopt;
    const auto* const unit = std::find_if(units.data(), units.data() + units.size(),
                                          [&](const Unit& candidate) { return candidate.letter == text.back(); });
    if (unit == units.data() + units.size()) return std::nullopt;
    const std::optional<std::uint64_t> count = parse_decimal(text.substr(0, text.size() - 1));
    if (!count) return std::nullopt;
    const auto most = std::chrono::nanoseconds(longest_timeout).count();
    if (*count > static_cast<std::uint64_t>(most) / unit->nanoseconds) return longest_timeout;
    const auto nanoseconds = static_cast<std::int64_t>(*count * unit->nanoseconds);
    return std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(nanoseconds));
}

TimeoutText::TimeoutText(Duration left) {
    const std::int64_t signed_count = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const std::uint64_t nanoseconds = signed_count < 1 ? 1 : static_cast<std::uint64_t>(signed_count);
    // The finest unit in which it has eight digits, then as coarse a one as says the same.
    std::size_t unit = 0;
    while (nanoseconds / units[unit].nanoseconds >= beyond_digits) ++unit;
    const std::uint64_t kept = nanoseconds / units[unit].nanoseconds * units[unit].nanoseconds;
    while (unit + 1 < units.size() && kept % units[unit + 1].nanoseconds == 0) ++unit;
    char* const begin = bytes.data();
    char* const end = std::to_chars(begin, begin + most_digits, kept / units[unit].nanoseconds).ptr;
    *end = units[unit].letter;
    size = static_cast<std::size_t>(end - begin) + 1;
}

}  // namespace sluice::grpc
