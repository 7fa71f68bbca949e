#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice {

/// Memory for the short texts that one request makes (field values, ids): a bump buffer whose
/// chunks stay over reset, so that a warm one allocates nothing.
///
/// Threading: one worker.
/// Lifetime:  what it gave out is valid until reset.
class Arena {
public:
    /// Chunks are at least so large. Nothing is allocated before the first use.
    explicit Arena(std::size_t chunk_bytes = 1024) : chunk_bytes_(chunk_bytes) {}

    /// Uninitialised bytes, not aligned.
    [[nodiscard]] char* allocate(std::size_t bytes) {
        if (bytes > static_cast<std::size_t>(end_ - next_)) open_chunk(bytes);
        char* const begin = next_;
        next_ += bytes;
        return begin;
    }

    [[nodiscard]] std::string_view copy(std::string_view text) { return concat({text}); }

    /// The pieces, one after the other.
    [[nodiscard]] std::string_view concat(std::initializer_list<std::string_view> pieces) {
        std::size_t size = 0;
        for (const std::string_view piece : pieces) size += piece.size();
        if (size == 0) return {};
        char* const begin = allocate(size);
        char* out = begin;
        for (const std::string_view piece : pieces)
            out = std::copy(piece.begin(), piece.end(), out);
        return {begin, size};
    }

    /// Forgets everything given out. Keeps the memory, but for what an unusual request took beyond
    /// `most_kept_bytes`.
    void reset() {
        std::size_t kept = 0;
        std::size_t chunks = 0;
        while (chunks < chunks_.size() && kept + chunks_[chunks].size <= most_kept_bytes) {
            kept += chunks_[chunks++].size;
        }
        chunks_.resize(chunks);
        current_ = 0;
        use_current();
    }

    /// Bytes held, used or not.
    [[nodiscard]] std::size_t capacity() const {
        std::size_t bytes = 0;
        for (const Chunk& chunk : chunks_) bytes += chunk.size;
        return bytes;
    }

    static constexpr std::size_t most_kept_bytes = 64 * 1024;

private:
    struct Chunk {
        std::unique_ptr<char[]> bytes;
        std::size_t size = 0;
    };

    /// Goes to the next kept chunk with room for `bytes`, or makes one.
    void open_chunk(std::size_t bytes) {
        while (current_ + 1 < chunks_.size()) {
            ++current_;
            use_current();
            if (chunks_[current_].size >= bytes) return;
        }
        const std::size_t twice = chunks_.empty() ? chunk_bytes_ : chunks_.back().size * 2;
        const std::size_t size = std::max(bytes, std::min(twice, most_kept_bytes / 4));
        chunks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
        current_ = chunks_.size() - 1;
        use_current();
    }

    void use_current() {
        if (current_ >= chunks_.size()) {
            next_ = end_ = nullptr;
            return;
        }
        next_ = chunks_[current_].bytes.get();
        end_ = next_ + chunks_[current_].size;
    }

    std::vector<Chunk> chunks_;
    std::size_t current_ = 0;
    char* next_ = nullptr;
    char* end_ = nullptr;
    std::size_t chunk_bytes_;
};

}  // namespace sluice
