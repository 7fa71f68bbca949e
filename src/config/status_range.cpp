#include "config/status_range.hpp"

#include <optional>

#include "base/text.hpp"
#include "config/words.hpp"

namespace sluice::config {
namespace {

constexpr std::uint16_t least = 100;
constexpr std::uint16_t most = 599;

std::optional<std::uint16_t> status_of(std::string_view text) {
    const std::optional<std::uint64_t> value = parse_decimal(text);
    if (!value || *value < least || *value > most || text.size() != 3) return std::nullopt;
    return static_cast<std::uint16_t>(*value);
}

std::optional<StatusRange> read_range(std::string_view text) {
    if (text.size() == 3 && text.substr(1) == "xx") {
        const std::optional<std::uint16_t> first = status_of(std::string(1, text[0]) + "00");
        if (!first) return std::nullopt;
        return StatusRange{*first, static_cast<std::uint16_t>(*first + 99)};
    }
    const std::size_t dash = text.find('-');
    const std::optional<std::uint16_t> first = status_of(text.substr(0, dash));
    const std::optional<std::uint16_t> last =
        dash == std::string_view::npos ? first : status_of(text.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    return StatusRange{*first, *last};
}

}  // namespace

std::expected<StatusRange, Complaint> parse_status_range(std::string_view text) {
    const std::optional<StatusRange> range = read_range(text);
    if (range) return *range;
    return std::unexpected(Complaint{in_quotes(text) + " is not a status",
                                     "write one such as 502, \"5xx\" or \"200-299\""});
}

std::string format_range(const StatusRange& range) {
    const std::string first = std::to_string(range.first);
    return range.first == range.last ? first : first + '-' + std::to_string(range.last);
}

std::string format_statuses(const std::vector<StatusRange>& ranges) {
    std::string out = "[";
    for (const StatusRange& range : ranges) {
        if (out.size() > 1) out += ", ";
        if (range.first == range.last) {
            out += format_range(range);
        } else {
            out += '"' + format_range(range) + '"';
        }
    }
    return out + "]";
}

}  // namespace sluice::config
