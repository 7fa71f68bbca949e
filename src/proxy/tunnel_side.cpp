#include "proxy/tunnel_side.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::proxy {
namespace {

constexpr std::size_t most_kept_bytes = 4096;

}  // namespace

std::size_t take_received(std::string& received, std::string& piece, std::size_t& left, std::span<char> space) {
    if (left == 0) {
        piece.clear();
        std::swap(piece, received);
        left = piece.size();
    }
    const std::size_t size = std::min(space.size(), left);
    if (size != 0) std::memcpy(space.data(), piece.data() + piece.size() - left, size);
    left -= size;
    // Assigning an empty one would keep the memory.
    if (left == 0 && piece.capacity() > most_kept_bytes) std::string().swap(piece);
    return size;
}

void StreamSide::begin_tunnel(Duration write_stall) {
    stream_->clear_read_deadline();
    stream_->set_write_stall_limit(write_stall);
}

net::Task<Result<void>> StreamSide::readable() { co_return co_await stream_->readable(); }

net::Task<Result<void>> StreamSide::write(net::Pieces pieces) { co_return co_await stream_->write(pieces); }

}  // namespace sluice::proxy
