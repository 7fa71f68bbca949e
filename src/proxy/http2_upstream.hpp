#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/memory_pool.hpp"
#include "http2/client_connection.hpp"
#include "net/buffer_pool.hpp"
#include "net/pause.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "net/turn_end.hpp"
#include "proxy/http2_upstream_stream.hpp"
#include "tls/client_context.hpp"

namespace sluice::net {
class Worker;
}

namespace sluice::proxy {

class Http2Upstream;

/// Whose the connection is, and who is told of it. Nothing of the connection may be called from inside but what is said here.
class Http2UpstreamOwner {
public:
    /// A stream is over: another may be opened, unless the connection takes no more.
    virtual void on_free_stream(Http2Upstream& connection) = 0;
    /// The connection is over and about to be destroyed.
    virtual void on_ended(Http2Upstream& connection) = 0;

protected:
    ~Http2UpstreamOwner() = default;
};

/// One connection to an endpoint with HTTP/2, shared by the requests of many clients. One coroutine reads and one writes; what nghttp2 tells
/// while bytes go in or out is put down, and acted on behind it.
///
/// Threading: one worker.
/// Lifetime:  destroys itself when it is over: after `finish` and its last stream, or when the upstream leaves. The owner outlives it, or
///            lets it go.
class Http2Upstream final : private http2::ClientEvents {
public:
    struct Settings {
        http2::ClientLimits limits;
        /// An upstream that takes no byte for so long is gone.
        Duration write_stall{};
        /// Requests that the connection carries in all; 0: any number.
        std::uint32_t most_requests = 0;
        /// "http" or "https".
        std::string_view scheme;
    };

    Http2Upstream(net::Worker& worker, net::Stream stream, std::shared_ptr<const tls::ClientContext> tls, const Settings& settings,
                  Http2UpstreamOwner& owner);
    Http2Upstream(const Http2Upstream&) = delete;
    Http2Upstream& operator=(const Http2Upstream&) = delete;
    ~Http2Upstream();

    /// Begins to read and write. An upstream that has left already ends it inside this call.
    static void run(std::unique_ptr<Http2Upstream> connection);
    /// Waits until the upstream has said how many streams it takes. Once, behind `run`.
    /// Failure: side Upstream, TlsRefused or UpstreamClosed: it speaks no HTTP/2. The connection ends by itself then. Cancelled after `abort_wait`.
    [[nodiscard]] net::Task<Result<void>> await_settings(TimePoint deadline, const std::string& name);
    void abort_wait();

    /// A way for one request; nullptr when there is none free, and before the upstream has said how many it takes.
    [[nodiscard]] Http2UpstreamStream* open();
    [[nodiscard]] bool has_free_stream() const;
    /// It may yet have one.
    [[nodiscard]] bool takes_requests() const { return !is_finishing_ && !is_broken_; }
    [[nodiscard]] bool is_idle() const { return streams_.empty(); }
    [[nodiscard]] TimePoint idle_since() const { return idle_since_; }
    [[nodiscard]] const std::shared_ptr<const tls::ClientContext>& tls() const { return tls_; }
    /// No further request; it ends behind those that are under way, at once when there is none. May be gone afterwards.
    void finish();
    /// The owner leaves: the connection is broken off, and tells nobody.
    void let_go();

private:
    friend class Http2UpstreamStream;

    // What nghttp2 tells.
    void on_head(http2::StreamId stream, std::string head, bool is_last) override;
    void on_body(http2::StreamId stream, std::string_view data) override;
    void on_body_end(http2::StreamId stream, std::string trailers) override;
    void on_progress(http2::StreamId stream) override;
    void on_taken(http2::StreamId stream) override;
    void on_closed(http2::StreamId stream, http2::Code code, bool is_untouched) override;

    [[nodiscard]] net::Task<void> live(std::unique_ptr<Http2Upstream> self);
    [[nodiscard]] net::Task<bool> read_once();
    [[nodiscard]] net::Task<void> write();
    [[nodiscard]] bool is_done() const;
    [[nodiscard]] std::size_t fill(net::Buffer& buffer);
    void let_go_of_peer();
    void lose();
    void act();
    void settle();
    void wake_writer();
    void end_hold();
    void end_stream(Http2UpstreamStream& stream);
    [[nodiscard]] Http2UpstreamStream* find(http2::StreamId id) const;

    net::Worker& worker_;
    net::Stream stream_;
    std::shared_ptr<const tls::ClientContext> tls_;
    Settings settings_;
    Http2UpstreamOwner* owner_;
    http2::ClientConnection connection_;
    /// Lent to requests, and ready for reuse.
    std::vector<Http2UpstreamStream*> streams_;
    std::vector<std::unique_ptr<Http2UpstreamStream>> free_;
    PooledMap<http2::StreamId, Http2UpstreamStream*> open_;
    /// Streams about which something has changed.
    PooledVector<http2::StreamId> changed_;
    /// Less than the limit after the upstream has refused one; with each that ends well it comes nearer again.
    std::uint32_t most_streams_;
    std::uint32_t good_streams_ = 0;
    /// Lent, and not on their way yet.
    std::uint32_t unopened_ = 0;
    std::uint32_t requests_ = 0;
    /// Since when a request is on its way and nothing has come for any.
    std::optional<TimePoint> silent_since_;
    /// When something came last.
    TimePoint received_at_{};
    TimePoint idle_since_{};
    /// Why it was lost.
    std::string reason_;
    bool is_finishing_ = false;
    bool is_broken_ = false;
    bool is_wait_aborted_ = false;
    /// Whoever still has a stream gets nothing more from it.
    bool is_over_ = false;
    bool is_acting_ = false;
    bool is_reading_ = false;
    bool is_writing_ = false;
    /// Streams that are being ended.
    std::uint32_t ends_ = 0;
    net::Event ends_done_;
    /// For what of requests is held back.
    net::Deadline hold_;
    net::TurnEnd writing_;
    net::Event wake_;
    net::Event writer_done_;
    net::Event streams_done_;
    net::Pause settings_wait_;
};

}  // namespace sluice::proxy
