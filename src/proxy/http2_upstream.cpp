#include "proxy/http2_upstream.hpp"

#include <algorithm>
#include <utility>

#include "net/worker.hpp"

namespace sluice::proxy {
namespace {

/// What goes out in one call.
constexpr std::size_t write_bytes = std::size_t{64} * 1024;
/// An upstream that opens its windows at all has done so by then.
constexpr Duration hold_time = std::chrono::milliseconds{20};
constexpr std::uint32_t good_streams_for_one_more = 32;
/// So long without a byte for any of the requests, and one of them was given up.
constexpr Duration suspicious_silence = std::chrono::seconds{5};

}  // namespace

Http2Upstream::Http2Upstream(net::Worker& worker, net::Stream stream, std::shared_ptr<const tls::ClientContext> tls,
                             const Settings& settings, Http2UpstreamOwner& owner)
    : worker_(worker),
      stream_(std::move(stream)),
      tls_(std::move(tls)),
      settings_(settings),
      owner_(&owner),
      connection_(*this, settings.limits, worker.now()),
      most_streams_(settings.limits.streams),
      hold_(worker.timers(), [](void* self) { static_cast<Http2Upstream*>(self)->end_hold(); }, this),
      writing_(worker, [](void* self) { static_cast<Http2Upstream*>(self)->wake_.set(); }, this),
      settings_wait_(worker.timers()) {
    stream_.set_write_stall_limit(settings_.write_stall);
}

Http2Upstream::~Http2Upstream() = default;

void Http2Upstream::run(std::unique_ptr<Http2Upstream> connection) {
    Http2Upstream& self = *connection;
    net::spawn(self.live(std::move(connection)));
}

net::Task<void> Http2Upstream::live(std::unique_ptr<Http2Upstream> self) {
    net::spawn(write());
    bool goes_on = true;
    while (goes_on && !is_done()) goes_on = co_await read_once();
    if (goes_on && !is_broken_) connection_.end();
    is_over_ = is_finishing_ = true;
    settings_wait_.end();
    lose();
    if (!streams_.empty()) co_await streams_done_;
    wake_writer();
    if (!writer_done_.is_set()) co_await writer_done_;
    while (ends_ != 0) {
        ends_done_.clear();
        co_await ends_done_;
    }
    // Its place is free once it is closed: another worker may dial at once.
    stream_ = {};
    if (owner_ != nullptr) owner_->on_ended(*self);
}

bool Http2Upstream::is_done() const {
    return is_broken_ || connection_.is_over() || (is_finishing_ && streams_.empty());
}

/// Waits without a buffer; false when the connection is over.
net::Task<bool> Http2Upstream::read_once() {
    is_reading_ = true;
    stream_.set_read_deadline(worker_.now() + no_limit);
    const Result<void> ready = co_await stream_.readable();
    is_reading_ = false;
    // Cancelled only says that there may be a reason to end.
    if (!ready) co_return ready.error().code == ErrorCode::Cancelled || ready.error().code == ErrorCode::TimedOut;
    net::Buffer buffer = worker_.buffers().take();
    const Result<std::optional<std::size_t>> got = stream_.try_read(buffer.from(0));
    if (!got) co_return false;
    if (!got->has_value()) co_return true;
    if (**got == 0) co_return false;
    received_at_ = worker_.now();
    silent_since_.reset();
    const std::size_t free_before = connection_.free_streams();
    const Result<void> received = connection_.receive({buffer.data(), **got}, worker_.now());
    if (!received) reason_ = received.error().context();
    const bool has_more_room = connection_.free_streams() > free_before;
    act();
    // Also when the upstream has only said that it takes more.
    if (has_more_room && owner_ != nullptr && has_free_stream()) owner_->on_free_stream(*this);
    // When it has failed the reason is told at the end.
    if (received && connection_.is_ready()) settings_wait_.end();
    co_return received.has_value();
}

net::Task<void> Http2Upstream::write() {
    for (;;) {
        if (!connection_.wants_output()) {
            if (is_over_ && streams_.empty()) break;
            // Before the reader goes on, which may want to wake this one.
            wake_.clear();
            if (connection_.is_over() && is_reading_) stream_.cancel_read();
            if (connection_.is_holding() && !hold_.is_set()) hold_.set(worker_.now() + hold_time);
            co_await wake_;
            continue;
        }
        is_writing_ = true;
        net::Buffer buffer = worker_.buffers().take(write_bytes);
        const std::size_t used = fill(buffer);
        // There is no memory for it.
        if (used == 0 && connection_.wants_output()) is_broken_ = true;
        if (used != 0) {
            const Result<void> written = co_await stream_.write(net::Pieces({buffer.data(), used}));
            if (!written) is_broken_ = true;
        }
        is_writing_ = false;
        if (is_broken_) break;
    }
    if (is_broken_ && !is_over_) stream_.abort();
    writer_done_.set();
}

void Http2Upstream::end_hold() {
    connection_.send_held();
    wake_writer();
}

std::size_t Http2Upstream::fill(net::Buffer& buffer) {
    std::size_t used = 0;
    for (;;) {
        const std::size_t more = connection_.take_output(buffer.from(used));
        used += more;
        // What was taken may be followed by more at once, and what could not go out by a reset.
        const bool has_news = !changed_.empty();
        act();
        if ((more == 0 && !has_news) || used == buffer.size()) return used;
    }
}

net::Task<Result<void>> Http2Upstream::await_settings(TimePoint deadline, const std::string& name) {
    if (!connection_.is_ready() && !is_over_) co_await settings_wait_.until(deadline);
    if (is_wait_aborted_) co_return fail(net::cancelled());
    if (is_over_) {
        const std::string reason = reason_.empty() ? " closed the connection before its SETTINGS of HTTP/2" : " speaks no HTTP/2: " + reason_;
        co_return fail(upstream_error(ErrorCode::UpstreamClosed, name + reason, Retry::Always));
    }
    if (connection_.is_ready()) co_return Result<void>{};
    // It may be gone behind this.
    let_go_of_peer();
    co_return fail(upstream_error(ErrorCode::ConnectTimeout, name + " sends no SETTINGS of HTTP/2", Retry::Always));
}

void Http2Upstream::abort_wait() {
    is_wait_aborted_ = true;
    let_go_of_peer();
}

void Http2Upstream::let_go_of_peer() {
    is_broken_ = true;
    stream_.abort();
}

bool Http2Upstream::has_free_stream() const {
    return !is_finishing_ && !is_broken_ && connection_.is_ready() && streams_.size() < most_streams_ && connection_.free_streams() > unopened_;
}

Http2UpstreamStream* Http2Upstream::open() {
    if (!has_free_stream()) return nullptr;
    if (free_.empty()) free_.push_back(std::make_unique<Http2UpstreamStream>(*this));
    Http2UpstreamStream* const stream = free_.back().release();
    free_.pop_back();
    streams_.push_back(stream);
    ++unopened_;
    ++requests_;
    if (settings_.most_requests != 0 && requests_ >= settings_.most_requests) is_finishing_ = true;
    stream->begin(worker_.now(), requests_ > 1);
    return stream;
}

void Http2Upstream::finish() {
    is_finishing_ = true;
    settle();
}

void Http2Upstream::let_go() {
    owner_ = nullptr;
    let_go_of_peer();
}

void Http2Upstream::on_head(http2::StreamId id, std::string head, bool is_last) {
    if (Http2UpstreamStream* const stream = find(id); stream != nullptr) stream->add_head(head, is_last);
    changed_.push_back(id);
}

void Http2Upstream::on_body(http2::StreamId id, std::string_view data) {
    if (Http2UpstreamStream* const stream = find(id); stream != nullptr) {
        stream->add_body(data);
        changed_.push_back(id);
    }
}

void Http2Upstream::on_body_end(http2::StreamId id, std::string trailers) {
    if (Http2UpstreamStream* const stream = find(id); stream != nullptr) stream->end_body(std::move(trailers));
    changed_.push_back(id);
}

void Http2Upstream::on_progress(http2::StreamId id) {
    if (Http2UpstreamStream* const stream = find(id); stream != nullptr) stream->note_progress(worker_.now());
}

void Http2Upstream::on_taken(http2::StreamId id) {
    if (Http2UpstreamStream* const stream = find(id); stream != nullptr) stream->note_taken();
    changed_.push_back(id);
}

void Http2Upstream::on_closed(http2::StreamId id, http2::Code code, bool is_untouched) {
    if (Http2UpstreamStream* const stream = find(id); stream != nullptr) stream->note_closed(code, is_untouched);
    changed_.push_back(id);
    // It has more to do than we know of: the next would be refused as well.
    if (code == http2::Code::RefusedStream && !open_.empty()) most_streams_ = std::max(1U, static_cast<std::uint32_t>(open_.size()) - 1);
}

/// Whoever still waits for an answer gets none.
void Http2Upstream::lose() {
    for (Http2UpstreamStream* const stream : streams_) stream->note_lost(reason_);
    for (const auto& [id, stream] : open_) changed_.push_back(id);
    act();
}

/// Does what was told while bytes went in or out.
void Http2Upstream::act() {
    if (std::exchange(is_acting_, true)) return;
    while (!changed_.empty()) {
        for (const http2::StreamId id : std::exchange(changed_, {})) {
            if (Http2UpstreamStream* const stream = find(id); stream != nullptr) stream->wake();
        }
    }
    is_acting_ = false;
    wake_writer();
    settle();
}

/// The last stream is over: whoever waits for that goes on. The connection may be gone afterwards.
void Http2Upstream::settle() {
    if (!streams_.empty() || is_acting_) return;
    if (is_over_) {
        if (!streams_done_.is_set()) streams_done_.set();
    } else if (is_finishing_ && is_reading_) {
        stream_.cancel_read();
    }
}

/// Whoever acts wakes it at the end of all; it writes what all the events of a turn have brought in one piece.
void Http2Upstream::wake_writer() {
    if (is_acting_ || is_writing_ || writing_.is_asked()) return;
    if (connection_.wants_output() || is_over_) writing_.ask();
}

/// The writer and the owner are called from here, and what they do may be the end of the connection: it waits for the end of this call,
/// and may be gone afterwards.
void Http2Upstream::end_stream(Http2UpstreamStream& stream) {
    ++ends_;
    if (stream.id() != 0) {
        open_.erase(stream.id());
        connection_.forget(stream.id());
    } else {
        --unopened_;
    }
    // An upstream from which nothing has come since is perhaps not there any more, and the others would wait for it as long.
    const bool is_silent = silent_since_ && worker_.now() - *silent_since_ > suspicious_silence;
    const bool is_in_vain = stream.has_waited_in_vain() && received_at_ < stream.began_at();
    if (is_in_vain || (is_silent && !stream.is_reusable())) is_finishing_ = true;
    if (stream.is_reusable() && ++good_streams_ % good_streams_for_one_more == 0) {
        most_streams_ = std::min(most_streams_ + 1, settings_.limits.streams);
    }
    // As long as the stream counts as lent, the connection can't come to its end inside this call.
    wake_writer();
    stream.drop_body();
    std::erase(streams_, &stream);
    free_.emplace_back(&stream);
    if (streams_.empty()) idle_since_ = worker_.now();
    if (is_over_) wake_writer();
    if (owner_ != nullptr && !is_over_ && !is_finishing_) {
        owner_->on_free_stream(*this);
    } else {
        settle();
    }
    if (--ends_ == 0) ends_done_.set();
}

Http2UpstreamStream* Http2Upstream::find(http2::StreamId id) const {
    const auto found = open_.find(id);
    return found == open_.end() ? nullptr : found->second;
}

}  // namespace sluice::proxy
