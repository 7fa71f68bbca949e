#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::routing {

/// A pattern may have so many parameters, its catch-all included; one with more is a build error.
inline constexpr std::size_t max_params = 8;

/// What the parameters of a pattern stand for in one path, in the order of the pattern. Values are
/// pieces of the normal form and still percent-encoded.
///
/// Lifetime: names point into the configuration, values into the path that was matched; no copies.
class Params {
public:
    struct Param {
        std::string_view name;
        std::string_view value;
    };

    // The values beyond `size` are left as they are: every request has one of these, and few have many parameters.
    Params() noexcept {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] Param operator[](std::size_t index) const noexcept {
        return {names_[index], value(index)};
    }

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            if (names_[i] == name) return value(i);
        }
        return std::nullopt;
    }

    // For the matcher: values come first, as the path is walked, names when a route is chosen.
    void clear() noexcept { size_ = 0; }
    void truncate(std::size_t size) noexcept { size_ = size; }
    void push(std::string_view value) noexcept { values_[size_++] = {value.data(), value.size()}; }
    void name_them(const std::string_view* names) noexcept { names_ = names; }

private:
    struct Value {
        const char* data;
        std::size_t size;
    };

    [[nodiscard]] std::string_view value(std::size_t index) const noexcept { return {values_[index].data, values_[index].size}; }

    const std::string_view* names_ = nullptr;
    std::size_t size_ = 0;
    std::array<Value, max_params> values_;
};

}  // namespace sluice::routing
