#include "windows/parent_words.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <span>

namespace sluice::service {
namespace {

/// The numbers behind a word; nullopt when the text is another one.
template <std::size_t count>
std::optional<std::array<std::uint32_t, count>> numbers_behind(std::string_view word, std::string_view text) {
    std::array<std::uint32_t, count> numbers{};
    if (!text.starts_with(word)) return std::nullopt;
    text.remove_prefix(word.size());
    for (std::uint32_t& number : numbers) {
        if (!text.starts_with(' ')) return std::nullopt;
        const char* const end = text.data() + text.size();
        const auto read = std::from_chars(text.data() + 1, end, number);
        if (read.ec != std::errc{}) return std::nullopt;
        text = std::string_view(read.ptr, static_cast<std::size_t>(end - read.ptr));
    }
    return text.empty() ? std::optional(numbers) : std::nullopt;
}

std::optional<DWORD> number_behind(std::string_view word, std::string_view text) {
    const auto numbers = numbers_behind<1>(word, text);
    return numbers ? std::optional<DWORD>((*numbers)[0]) : std::nullopt;
}

std::string words(std::string_view word, std::span<const std::uint32_t> numbers) {
    std::string text(word);
    for (const std::uint32_t number : numbers) text += " " + std::to_string(number);
    return text;
}

constexpr std::string_view word_control = "control";
constexpr std::string_view word_standing = "standing";
constexpr std::string_view word_heir = "heir";

}  // namespace

std::string control_words(DWORD control) { return words(word_control, std::array<std::uint32_t, 1>{control}); }

std::optional<DWORD> control_of(std::string_view text) { return number_behind(word_control, text); }

std::string standing_words(const Standing& standing) {
    const std::uint32_t numbers[] = {standing.state, static_cast<std::uint32_t>(standing.hint.count()), standing.exit_code};
    return words(word_standing, numbers);
}

std::optional<Standing> standing_of(std::string_view text) {
    const auto numbers = numbers_behind<3>(word_standing, text);
    if (!numbers) return std::nullopt;
    return Standing{(*numbers)[0], std::chrono::milliseconds((*numbers)[1]), (*numbers)[2]};
}

std::string heir_words(DWORD pid) { return words(word_heir, std::array<std::uint32_t, 1>{pid}); }

std::optional<DWORD> heir_of(std::string_view text) { return number_behind(word_heir, text); }

}  // namespace sluice::service
