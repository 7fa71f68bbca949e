#include "config/quantity.hpp"

#include <array>
#include <limits>

#include "base/text.hpp"

namespace sluice::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 4> time_units{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> size_units{
    {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"B", 1}}};

constexpr std::string_view duration_help =
    "write a whole number and a unit: \"500ms\", \"30s\", \"2m\" or \"1h\"";
constexpr std::string_view size_help =
    "write bytes, or a whole number and a unit: \"512B\", \"64KiB\", \"1MiB\" or \"2GiB\"";

struct Parts {
    std::string_view digits;
    std::string_view unit;
};

Parts split(std::string_view text) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    return {text.substr(0, end), text.substr(end)};
}

template <std::size_t Count>
std::uint64_t factor_of(const std::array<Unit, Count>& units, std::string_view name) {
    for (const Unit& unit : units) {
        if (unit.name == name) return unit.factor;
    }
    return 0;
}

/// nullopt when the text is no number with one of the units, or does not fit.
template <std::size_t Count>
std::optional<std::uint64_t> read_quantity(const std::array<Unit, Count>& units, Parts parts) {
    const std::uint64_t factor = factor_of(units, parts.unit);
    const auto number = parse_decimal(parts.digits);
    const auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (factor == 0 || !number || *number > most / factor) return std::nullopt;
    return *number * factor;
}

template <std::size_t Count>
std::string write_quantity(const std::array<Unit, Count>& units, std::uint64_t value,
                           std::string_view zero) {
    if (value == 0) return std::string(zero);
    for (const Unit& unit : units) {
        if (value % unit.factor == 0)
            return std::to_string(value / unit.factor) + std::string(unit.name);
    }
    return std::to_string(value);
}

}  // namespace

std::expected<std::chrono::milliseconds, Complaint> parse_duration(std::string_view text) {
    const auto value = read_quantity(time_units, split(text));
    if (!value) {
        return std::unexpected(
            Complaint{in_quotes(text) + " is not a duration", std::string(duration_help)});
    }
    return std::chrono::milliseconds(*value);
}

std::expected<std::uint64_t, Complaint> parse_size(std::string_view text) {
    Parts parts = split(text);
    if (parts.unit.empty()) parts.unit = "B";
    const auto value = read_quantity(size_units, parts);
    if (!value) {
        return std::unexpected(Complaint{in_quotes(text) + " is not a size", std::string(size_help)});
    }
    return *value;
}

std::string format_duration(std::chrono::milliseconds duration) {
    return write_quantity(time_units, static_cast<std::uint64_t>(duration.count()), "0s");
}

std::string format_size(std::uint64_t bytes) {
    return write_quantity(size_units, bytes, "0");
}

}  // namespace sluice::config
