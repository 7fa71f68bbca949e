#include "proxy/tunnel_side.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::proxy {
std::size_t take_received(net::Bytes& received, net::Bytes& piece, std::size_t& left, std::span<char> space) {
    if (left == 0) {
        piece = std::move(received);
        left = piece.size();
    }
    const std::size_t size = std::min(space.size(), left);
    if (size != 0) std::memcpy(space.data(), piece.view().data() + piece.size() - left, size);
    left -= size;
    if (left == 0) piece.clear();
    return size;
}

void StreamSide::begin_tunnel(Duration write_stall) {
    stream_->clear_read_deadline();
    stream_->set_write_stall_limit(write_stall);
}

net::Task<Result<void>> StreamSide::readable() { co_return co_await stream_->readable(); }

net::Task<Result<void>> StreamSide::write(net::Pieces pieces) { co_return co_await stream_->write(pieces); }

}  // namespace sluice::proxy
