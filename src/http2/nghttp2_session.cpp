#include "http2/nghttp2_session.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

#include "base/memory_pool.hpp"

namespace sluice::http2 {
namespace {

/// In front of each block, as nghttp2 does not say how large the one is that it gives back.
struct alignas(std::max_align_t) BlockHead {
    std::size_t size_bytes;
};

/// nullptr when there is none: nothing may be thrown through nghttp2.
void* allocate(std::size_t size_bytes, void*) {
    try {
        auto* const head = new (take_memory(sizeof(BlockHead) + size_bytes)) BlockHead{size_bytes};
        return head + 1;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void free_block(void* block, void*) {
    if (block == nullptr) return;
    BlockHead* const head = static_cast<BlockHead*>(block) - 1;
    give_memory(head, sizeof(BlockHead) + head->size_bytes);
}

void* allocate_zeroed(std::size_t count, std::size_t size_bytes, void* user) {
    void* const block = allocate(count * size_bytes, user);
    return block == nullptr ? nullptr : std::memset(block, 0, count * size_bytes);
}

void* reallocate(void* block, std::size_t size_bytes, void* user) {
    void* const larger = allocate(size_bytes, user);
    if (block == nullptr || larger == nullptr) return larger;
    std::memcpy(larger, block, std::min(size_bytes, (static_cast<const BlockHead*>(block) - 1)->size_bytes));
    free_block(block, user);
    return larger;
}

}  // namespace

nghttp2_mem* pooled_memory() {
    static nghttp2_mem memory{nullptr, allocate, free_block, allocate_zeroed, reallocate};
    return &memory;
}

std::size_t Output::take(nghttp2_session* session, std::span<char> space) {
    std::size_t used = 0;
    while (used != space.size()) {
        if (unsent_.empty()) {
            const std::uint8_t* data = nullptr;
            const auto size = nghttp2_session_mem_send(session, &data);
            if (size <= 0) break;
            unsent_ = text_of(data, static_cast<std::size_t>(size));
        }
        const std::size_t taken = std::min(space.size() - used, unsent_.size());
        std::memcpy(space.data() + used, unsent_.data(), taken);
        unsent_.remove_prefix(taken);
        used += taken;
    }
    return used;
}

bool Output::is_wanted(nghttp2_session* session) const { return !unsent_.empty() || nghttp2_session_want_write(session) != 0; }

}  // namespace sluice::http2
