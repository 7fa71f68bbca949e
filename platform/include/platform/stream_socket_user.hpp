#pragma once

#include <cstddef>
#include <system_error>

namespace sluice::platform {

/// Who is told of what happens to a StreamSocket: from the event loop, never from inside a call to the socket.
class StreamSocketUser {
public:
    /// There may be something to read, or the end of input, or an error; it comes as well when nobody has asked for it. The
    /// error, if there is one, may not be told again by a read.
    virtual void on_input(std::error_code error) = 0;
    /// The write that was started has ended, with the first bytes of its pieces taken.
    virtual void on_written(std::error_code error, std::size_t bytes) = 0;
    virtual void on_connected(std::error_code error) = 0;

protected:
    ~StreamSocketUser() = default;
};

}  // namespace sluice::platform
