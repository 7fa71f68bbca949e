#pragma once

// The one place where net/ takes Asio in: included by .cpp files of net/ only.

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "platform/operation_memory.hpp"

namespace sluice::net {

using platform::OperationAllocator;
using platform::OperationMemory;

}  // namespace sluice::net
