#include "proxy/body_reader.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "net/worker.hpp"

namespace sluice::proxy {
namespace {

constexpr std::size_t relay_bytes = std::size_t{64} * 1024;
/// A copy of less is no dearer than a splice: of what is to come, and of what the last one has brought.
constexpr std::uint64_t least_spliced_bytes = std::uint64_t{32} * 1024;
constexpr std::size_t least_flow_bytes = std::size_t{16} * 1024;
/// What a pipe takes at best (platform/linux/splice_pipe.cpp).
constexpr std::uint64_t most_spliced_bytes = std::uint64_t{256} * 1024;

}  // namespace

TimePoint pace_deadline(const ReadPace& pace, std::uint64_t bytes, Duration waited, TimePoint now) {
    const TimePoint idle_end = now + pace.idle;
    if (pace.min_rate == 0) return idle_end;
    // Bounded, so that no sum of times overflows: at a low rate a large body earns centuries.
    constexpr std::uint64_t longest = std::chrono::microseconds{std::chrono::hours{24 * 365}}.count();
    const std::uint64_t micros = std::min<std::uint64_t>(bytes, std::uint64_t{1} << 40) * 1'000'000 / pace.min_rate;
    const std::chrono::microseconds earned{static_cast<std::int64_t>(std::min(micros, longest))};
    return std::min(idle_end, now + (pace.grace + earned - waited));
}

BodyReader::BodyReader(net::Stream& stream, const http::Framing& framing,
                       std::span<char> buffered, const ReadPace& pace)
    : stream_(stream), framing_(framing), pace_(pace), remaining_(framing.length), input_(buffered) {
    is_done_ = framing.kind == http::BodyKind::None ||
               (framing.kind == http::BodyKind::Length && framing.length == 0);
    if (framing.kind == http::BodyKind::Chunked) chunks_.emplace();
}

std::string_view BodyReader::trailers() const {
    return chunks_ && is_done_ ? chunks_->trailers() : std::string_view{};
}

BodyReader::Piece BodyReader::take_length() {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input_.size()));
    const std::string_view data(input_.data(), size);
    input_ = input_.subspan(size);
    remaining_ -= size;
    is_done_ = remaining_ == 0;
    return {data, is_done_};
}

Result<std::optional<BodyReader::Piece>> BodyReader::take_chunks() {
    char* const begin = input_.data();
    std::size_t joined = 0;
    while (!is_done_) {
        Result<http::ChunkedReader::Step> step = chunks_->step({input_.data(), input_.size()});
        if (!step) return fail(std::move(step.error()));
        // Data of several chunks is joined at the front, so that it goes on in one piece.
        if (!step->data.empty()) {
            if (begin + joined != step->data.data()) {
                std::memmove(begin + joined, step->data.data(), step->data.size());
            }
            joined += step->data.size();
        }
        input_ = input_.subspan(step->consumed);
        is_done_ = step->event == http::ChunkedReader::Event::End;
        if (step->event == http::ChunkedReader::Event::NeedMore) break;
    }
    if (joined == 0 && !is_done_) return std::nullopt;
    return Piece{{begin, joined}, is_done_};
}

Result<std::optional<BodyReader::Piece>> BodyReader::next_buffered() {
    if (is_done_) return Piece{{}, true};
    std::optional<Piece> piece;
    if (framing_.kind == http::BodyKind::Chunked) {
        Result<std::optional<Piece>> taken = take_chunks();
        if (!taken || !taken->has_value()) return taken;
        piece = **taken;
    } else if (input_.empty()) {
        return std::nullopt;
    } else if (framing_.kind == http::BodyKind::Length) {
        piece = take_length();
    } else {
        piece = Piece{{input_.data(), input_.size()}, false};
        input_ = {};
    }
    body_bytes_ += piece->data.size();
    return piece;
}

std::size_t BodyReader::wanted_bytes() const {
    if (framing_.kind != http::BodyKind::Length) return relay_bytes;
    return static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, relay_bytes));
}

/// Reads once into the reader's own buffer, without which it waits; false at the end of input.
net::Task<Result<bool>> BodyReader::fill() {
    net::Worker& worker = stream_.worker();
    // All of it has been taken: of chunks, also their framing is read on from where it stops.
    assert(input_.empty());
    buffer_.release();
    input_ = {};
    const TimePoint before = worker.now();
    stream_.set_read_deadline(pace_deadline(pace_, body_bytes_, waited_, before));
    // Never past the body: what follows belongs to the next message.
    const Result<std::size_t> got = co_await stream_.read(buffer_, wanted_bytes());
    waited_ += worker.now() - before;
    if (!got) co_return fail(got.error());
    input_ = {buffer_.data(), *got};
    is_flowing_ = *got == relay_bytes;
    co_return *got != 0;
}

bool BodyReader::can_splice() const {
    return framing_.kind == http::BodyKind::Length && is_flowing_ && input_.empty() && remaining_ >= least_spliced_bytes &&
           stream_.can_splice_in();
}

net::Task<Result<net::SplicePipes::Lent>> BodyReader::next_spliced() {
    net::Worker& worker = stream_.worker();
    buffer_.release();
    input_ = {};
    const TimePoint before = worker.now();
    stream_.set_read_deadline(pace_deadline(pace_, body_bytes_, waited_, before));
    net::SplicePipes::Lent pipe;
    const Result<std::size_t> got = co_await stream_.splice_in(pipe, static_cast<std::size_t>(std::min(remaining_, most_spliced_bytes)));
    waited_ += worker.now() - before;
    if (!got) co_return fail(got.error());
    remaining_ -= *got;
    body_bytes_ += *got;
    is_done_ = remaining_ == 0;
    is_flowing_ = *got >= least_flow_bytes;
    co_return pipe;
}

net::Task<Result<BodyReader::Piece>> BodyReader::next() {
    for (;;) {
        Result<std::optional<Piece>> piece = next_buffered();
        if (!piece) co_return fail(std::move(piece.error()));
        if (piece->has_value()) co_return **piece;
        const Result<bool> more = co_await fill();
        if (!more) co_return fail(more.error());
        if (*more) continue;
        if (framing_.kind != http::BodyKind::UntilClose) {
            co_return fail(Error{ErrorCode::Closed, Side::Internal, Retry::Never,
                                 "the connection ended in the middle of the body", {}});
        }
        is_done_ = true;
        co_return Piece{{}, true};
    }
}

}  // namespace sluice::proxy
