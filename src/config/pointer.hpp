#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::config {

/// A JSON pointer (RFC 6901) on the way down a document: it only knows its parent and its last part, and becomes a text for
/// whoever has something to say about the place. Most of a document is looked at without a word.
///
/// Lifetime: the parent and the key must outlive it.
class Pointer {
public:
    /// A pointer that is written already: "" for the whole document, "/routes".
    explicit Pointer(std::string_view text) : key_(text), kind_(Kind::Text) {}
    Pointer(const Pointer& parent, std::string_view key) : parent_(&parent), key_(key), kind_(Kind::Key) {}
    Pointer(const Pointer& parent, std::size_t index) : parent_(&parent), index_(index), kind_(Kind::Index) {}

    [[nodiscard]] std::string text() const;

private:
    enum class Kind : unsigned char { Text, Key, Index };

    const Pointer* parent_ = nullptr;
    std::string_view key_;
    std::size_t index_ = 0;
    Kind kind_;
};

}  // namespace sluice::config
