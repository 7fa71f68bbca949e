#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/chunked_reader.hpp"
#include "http/head_parser.hpp"
#include "http/message.hpp"

namespace sluice::test {

/// Reads one side of a connection as a session would, piece by piece, through scanner, head parser
/// and chunked reader, and writes down what it saw: the event log of tests/data/http/README.md.
class WirePlay {
public:
    /// Reads requests.
    WirePlay();
    /// Reads the interim responses and the final one that answer `answered`.
    explicit WirePlay(http::Method answered);

    void feed(std::string_view piece);
    /// The peer has closed: says what was left unfinished. Yields the events.
    [[nodiscard]] std::vector<std::string> finish();

private:
    enum class Stage { Head, Body, Over };

    [[nodiscard]] std::string_view unread() const {
        return std::string_view(buffer_).substr(read_);
    }
    [[nodiscard]] bool advance();
    [[nodiscard]] bool take_head();
    [[nodiscard]] bool take_body();
    [[nodiscard]] bool take_chunks();
    void note_request();
    void note_response();
    void note_fields(const http::Fields& fields, const http::Framing& framing);
    void note_body();
    void note_error(const Error& error);
    void end_message();

    bool is_response_;
    http::Method answered_;
    http::HeadLimits limits_;
    http::HeadScanner scanner_;
    http::ChunkedReader chunks_;
    http::RequestHead request_;
    http::ResponseHead response_;
    http::Framing framing_;
    bool keep_alive_ = false;
    bool is_last_ = false;
    std::uint64_t body_left_ = 0;
    std::string buffer_;
    std::size_t read_ = 0;
    std::string body_;
    Stage stage_ = Stage::Head;
    std::vector<std::string> events_;
};

/// Plays `bytes` in pieces that end at the given places (ascending; none: whole).
[[nodiscard]] std::vector<std::string> play(WirePlay player, std::string_view bytes,
                                            const std::vector<std::size_t>& cuts);
[[nodiscard]] std::vector<std::string> play_byte_by_byte(WirePlay player, std::string_view bytes);

/// The status that answers an error of parsing, as proxy/error_response.cpp has it.
[[nodiscard]] int status_of(const Error& error);

}  // namespace sluice::test
