#include "net/bytes.hpp"

#include <cstring>
#include <stdexcept>

namespace sluice::net {

void Bytes::append(BufferPool& pool, std::string_view data) {
    if (data.empty()) return;
    const std::size_t size = size_ + data.size();
    if (size > buffer_.size()) {
        if (size > BufferPool::largest_bytes) throw std::length_error("more bytes than a block of the pool holds");
        Buffer larger = pool.take(size);
        if (size_ != 0) std::memcpy(larger.data(), buffer_.data(), size_);
        buffer_ = std::move(larger);
    }
    std::memcpy(buffer_.data() + size_, data.data(), data.size());
    size_ = size;
}

}  // namespace sluice::net
