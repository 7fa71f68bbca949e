#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace sluice::routing {

/// A set of methods: a bit for each of http::Method, then one for each other name in the
/// configuration.
using MethodSet = std::uint32_t;

inline constexpr MethodSet any_method = 0xFFFFFFFFU;
inline constexpr std::size_t known_methods = static_cast<std::size_t>(http::Method::Other);

[[nodiscard]] constexpr MethodSet set_of(http::Method method) {
    return 1U << static_cast<std::uint32_t>(method);
}

/// Numbers the methods that the configuration names, and keeps the text of every Allow field that
/// can come up, so that a 405 allocates nothing.
class MethodRegistry {
public:
    /// nullopt when there are more other names than bits.
    [[nodiscard]] std::optional<MethodSet> add(const std::vector<std::string>& names);

    /// Of all sets that routes of one pattern allow, every union gets its text. False when there
    /// are too many: thousands, which takes a dozen methods that http::Method does not know.
    [[nodiscard]] bool write_texts(const std::vector<MethodSet>& sets);

    /// "GET, HEAD, PUT" for a union of the sets that were given; "" for any other.
    [[nodiscard]] std::string_view text_of(MethodSet set) const noexcept;

    /// The bit of a request's method. A name that the configuration does not know gets a bit that
    /// only any_method has.
    [[nodiscard]] MethodSet find(http::Method method, std::string_view name) const noexcept;

    /// The methods of a set that http::Method does not know.
    [[nodiscard]] std::vector<std::string_view> other_names(MethodSet set) const;

private:
    [[nodiscard]] std::string write(MethodSet set) const;

    struct Text {
        MethodSet set;
        std::string text;
    };
    std::vector<std::string> others_;
    /// Sorted by set.
    std::vector<Text> texts_;
};

}  // namespace sluice::routing
