#include "platform/splice_pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace sluice::platform {
namespace {

/// With pages of 4 KiB it has 64 places, each of which takes a piece of what a segment of TCP has brought.
constexpr int wanted_bytes = 256 * 1024;
/// What the system gives to who asks for nothing. A user who has too many gets pipes of two pages (pipe(7)).
constexpr int least_bytes = 64 * 1024;

}  // namespace

SplicePipe::~SplicePipe() {
    if (read_end_ < 0) return;
    ::close(read_end_);
    ::close(write_end_);
}

bool SplicePipe::open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return false;
    read_end_ = ends[0];
    write_end_ = ends[1];
    return ::fcntl(write_end_, F_SETPIPE_SZ, wanted_bytes) >= 0 || ::fcntl(write_end_, F_GETPIPE_SZ) >= least_bytes;
}

}  // namespace sluice::platform
