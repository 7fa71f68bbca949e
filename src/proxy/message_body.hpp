#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "net/splice_pipes.hpp"
#include "net/task.hpp"

namespace sluice::proxy {

/// The body of a request or response as an exchange takes it from its sender, in pieces, whatever carries it.
///
/// Threading: one worker.
/// Lifetime:  a piece is valid until the next call, the first one until `forget_first`.
/// Failure:   BadFraming, Closed (ended early), TimedOut, Cancelled; the caller names the side.
class MessageBody {
public:
    struct Piece {
        std::string_view data;
        bool is_last = false;
    };

    /// What can be had without waiting; nullopt when there is nothing yet.
    [[nodiscard]] virtual Result<std::optional<Piece>> next_buffered() = 0;
    /// The next piece, waiting for it.
    [[nodiscard]] virtual net::Task<Result<Piece>> next() = 0;

    /// What comes next may go from its socket to another without coming here: there is much of it, and nothing of it has been read.
    [[nodiscard]] virtual bool can_splice() const { return false; }
    /// Takes the next bytes so, waiting for them, into a pipe of the worker's, which goes back when they have been sent. No pipe: it can't be
    /// done now, and `next` has to follow.
    [[nodiscard]] virtual net::Task<Result<net::SplicePipes::Lent>> next_spliced() { co_return net::SplicePipes::Lent(); }

    /// The first piece is not looked at again: its memory may serve others.
    virtual void forget_first() {}

    [[nodiscard]] virtual bool is_done() const = 0;
    /// Bytes of body so far, without framing.
    [[nodiscard]] virtual std::uint64_t body_bytes() const = 0;
    /// The trailers of a body of unknown length, once it is done: field lines with CRLF.
    [[nodiscard]] virtual std::string_view trailers() const = 0;
    /// Bytes that came after the end of the request, for a tunnel.
    [[nodiscard]] virtual std::string_view leftover() const = 0;

protected:
    ~MessageBody() = default;
};

}  // namespace sluice::proxy
