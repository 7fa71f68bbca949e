#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// The words between single spaces.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view words);

/// "'a', 'b' and 'c'", with another last separator if wished.
[[nodiscard]] std::string enumerate(std::span<const std::string_view> words,
                                    std::string_view last = " and ");

/// The candidate that the word was probably meant to be; case, '-' and '_' do not count.
[[nodiscard]] std::optional<std::string_view> find_nearest(
    std::string_view word, std::span<const std::string_view> candidates);

/// "did you mean 'x'?" or "known are 'a' and 'b'".
[[nodiscard]] std::string suggest(std::string_view word,
                                  std::span<const std::string_view> candidates);

}  // namespace sluice::config
