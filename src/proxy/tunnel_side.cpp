#include "proxy/tunnel_side.hpp"

namespace sluice::proxy {

void StreamSide::begin_tunnel(Duration write_stall) {
    stream_->clear_read_deadline();
    stream_->set_write_stall_limit(write_stall);
}

net::Task<Result<void>> StreamSide::readable() { co_return co_await stream_->readable(); }

net::Task<Result<void>> StreamSide::write(net::Pieces pieces) { co_return co_await stream_->write(pieces); }

}  // namespace sluice::proxy
