#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "grpc/content_type.hpp"
#include "grpc/web_text.hpp"
#include "http/message.hpp"
#include "proxy/message_body.hpp"

/// gRPC-Web at the front, gRPC behind it ("PROTOCOL-WEB" of gRPC): what a browser can't send or see is put into the body.
namespace sluice::proxy {

/// Makes the head of a request of gRPC-Web one of gRPC. `arena` keeps what it needs.
void make_grpc_request(http::RequestHead& head, const grpc::ContentType& type, Arena& arena);

/// The body of such a request as gRPC has it.
///
/// Lifetime: the source outlives it.
class GrpcWebRequestBody final : public MessageBody {
public:
    GrpcWebRequestBody(MessageBody& source, grpc::Kind kind) : source_(source), is_text_(kind == grpc::Kind::WebText) {}

    [[nodiscard]] Result<std::optional<Piece>> next_buffered() override;
    [[nodiscard]] net::Task<Result<Piece>> next() override;
    [[nodiscard]] bool is_done() const override { return source_.is_done(); }
    [[nodiscard]] std::uint64_t body_bytes() const override { return source_.body_bytes(); }
    [[nodiscard]] std::string_view trailers() const override { return {}; }
    [[nodiscard]] std::string_view leftover() const override { return source_.leftover(); }

private:
    [[nodiscard]] Result<Piece> decode(const Piece& piece);

    MessageBody& source_;
    bool is_text_;
    bool has_begun_ = false;
    grpc::WebTextDecoder decoder_;
    /// The first piece, which stays: the exchange may have to send it again.
    std::string first_;
    std::string piece_;
};

/// The body of a response of gRPC as gRPC-Web has it: its trailers are its last frame.
///
/// Lifetime: the source outlives it.
class GrpcWebResponseBody final : public MessageBody {
public:
    /// `head_status`: the frame for a response whose head has told how the call ended.
    GrpcWebResponseBody(MessageBody& source, grpc::Kind kind, std::string head_status)
        : source_(source), is_text_(kind == grpc::Kind::WebText), head_status_(std::move(head_status)) {}

    [[nodiscard]] Result<std::optional<Piece>> next_buffered() override;
    [[nodiscard]] net::Task<Result<Piece>> next() override;
    [[nodiscard]] bool is_done() const override { return source_.is_done(); }
    [[nodiscard]] std::uint64_t body_bytes() const override { return source_.body_bytes(); }
    [[nodiscard]] std::string_view trailers() const override { return {}; }
    [[nodiscard]] std::string_view leftover() const override { return source_.leftover(); }

    /// No message has begun and not ended.
    [[nodiscard]] bool is_between_messages() const { return prefix_bytes_ == 0 && message_left_ == 0; }
    /// A last frame with these trailers, for a call that the gateway ends.
    [[nodiscard]] std::string_view end(std::string_view lines);

private:
    [[nodiscard]] Piece encode(const Piece& piece);
    void follow(std::string_view data);

    MessageBody& source_;
    bool is_text_;
    std::string head_status_;
    /// Of the message that goes by: how much of its prefix has come, the length in it, and what of that is to come.
    std::uint32_t prefix_bytes_ = 0;
    std::uint32_t message_bytes_ = 0;
    std::uint64_t message_left_ = 0;
    std::string frame_;
    std::string piece_;
};

}  // namespace sluice::proxy
