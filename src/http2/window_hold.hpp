#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <set>
#include <utility>

#include "http2/flood_guard.hpp"
#include "http2/outgoing_body.hpp"
#include "http2/protocol.hpp"
#include "http2/window_credit.hpp"

namespace sluice::http2 {

/// Keeps bodies of ours from going out in frames of a few bytes. A peer that opens the stream's window and the connection's in two frames may
/// be seen between them, with room for a few bytes; sent at once, those would come back as a window of a few bytes, and one such frame more
/// with each round. They wait for what is about to come, or until `let_go`.
///
/// Threading: one worker.
class WindowHold {
public:
    /// Whether a frame of at most so much is better not sent now; the stream is held then.
    [[nodiscard]] bool holds(StreamId stream, std::size_t space, OutgoingBody& body) {
        const bool is_credit_due = credit_.is_awaited() || body.credit().is_awaited();
        if (space >= price::least_fair_frame || space >= body.left_bytes() || !is_credit_due || sends_small_) return false;
        held_.insert(stream);
        return true;
    }
    void spend(OutgoingBody& body, std::size_t bytes) {
        credit_.spend(bytes);
        body.credit().spend(bytes);
    }
    /// WINDOW_UPDATE of the connection.
    void add_credit(std::int64_t bytes) { credit_.add(bytes); }
    /// A window may have opened.
    void resume(nghttp2_session* session) {
        if (held_.empty()) return;
        for (const StreamId stream : std::exchange(held_, {})) nghttp2_session_resume_data(session, stream);
    }
    void erase(StreamId stream) {
        if (!held_.empty()) held_.erase(stream);
    }

    [[nodiscard]] bool is_holding() const { return !held_.empty(); }
    /// What is held goes out as it is, for a peer that does not open its windows further.
    void let_go(nghttp2_session* session) {
        sends_small_ = true;
        resume(session);
    }
    /// There was nothing more to send.
    void end_small() { sends_small_ = false; }

private:
    /// Of the connection's window; each body has that of its stream.
    WindowCredit credit_;
    /// Streams of which only a few bytes could go out.
    std::set<StreamId> held_;
    bool sends_small_ = false;
};

}  // namespace sluice::http2
