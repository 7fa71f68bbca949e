#include "proxy/grpc_web.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "grpc/web_trailers.hpp"

namespace sluice::proxy {

void make_grpc_request(http::RequestHead& head, const grpc::ContentType& type, Arena& arena) {
    std::string made;
    grpc::append_content_type(made, grpc::Kind::Grpc, type.format);
    std::erase_if(head.fields, [](const http::Field& field) {
        return field.id == http::FieldId::ContentLength || field.id == http::FieldId::Te;
    });
    for (http::Field& field : head.fields) {
        if (equal_ignoring_case(field.name, "Content-Type")) field.value = arena.copy(made);
    }
    // How a server knows that its trailers arrive.
    head.fields.push_back({"TE", "trailers", http::FieldId::Te});
    if (head.framing.kind == http::BodyKind::Length) head.framing = {http::BodyKind::Chunked};
}

Result<MessageBody::Piece> GrpcWebRequestBody::decode(const Piece& piece) {
    if (!is_text_) return piece;
    std::string& out = has_begun_ ? piece_ : first_;
    has_begun_ = true;
    out.clear();
    if (const Result<void> decoded = decoder_.decode(piece.data, out); !decoded) return fail(Error(decoded.error()));
    if (piece.is_last) {
        if (const Result<void> finished = decoder_.finish(); !finished) return fail(Error(finished.error()));
    }
    return Piece{out, piece.is_last};
}

Result<std::optional<MessageBody::Piece>> GrpcWebRequestBody::next_buffered() {
    Result<std::optional<Piece>> piece = source_.next_buffered();
    if (!piece || !piece->has_value()) return piece;
    Result<Piece> decoded = decode(**piece);
    if (!decoded) return fail(std::move(decoded.error()));
    return *decoded;
}

net::Task<Result<MessageBody::Piece>> GrpcWebRequestBody::next() {
    const Result<Piece> piece = co_await source_.next();
    if (!piece) co_return piece;
    co_return decode(*piece);
}

std::string_view GrpcWebResponseBody::end(std::string_view lines) {
    frame_.clear();
    grpc::append_web_trailers(frame_, lines);
    piece_.clear();
    if (is_text_) {
        grpc::append_web_text(piece_, frame_);
    } else {
        piece_ = frame_;
    }
    return piece_;
}

/// A message has a flag and four bytes of length before it ("PROTOCOL-HTTP2" of gRPC, Length-Prefixed-Message).
void GrpcWebResponseBody::follow(std::string_view data) {
    constexpr std::uint32_t whole_prefix = 5;
    while (!data.empty()) {
        if (message_left_ != 0) {
            const std::size_t passed = std::min<std::size_t>(data.size(), message_left_);
            message_left_ -= passed;
            data.remove_prefix(passed);
            continue;
        }
        if (prefix_bytes_ == 0) message_bytes_ = 0;
        if (prefix_bytes_ != 0) message_bytes_ = message_bytes_ << 8 | static_cast<unsigned char>(data.front());
        data.remove_prefix(1);
        if (++prefix_bytes_ != whole_prefix) continue;
        message_left_ = message_bytes_;
        prefix_bytes_ = 0;
    }
}

MessageBody::Piece GrpcWebResponseBody::encode(const Piece& piece) {
    follow(piece.data);
    if (!is_text_ && !piece.is_last) return piece;
    frame_.clear();
    if (piece.is_last && source_.trailers().empty() && !head_status_.empty()) {
        frame_ = head_status_;
    } else if (piece.is_last) {
        grpc::append_web_trailers(frame_, source_.trailers());
    }
    piece_.clear();
    if (is_text_) {
        grpc::append_web_text(piece_, piece.data);
        grpc::append_web_text(piece_, frame_);
    } else {
        piece_.append(piece.data).append(frame_);
    }
    return {piece_, piece.is_last};
}

Result<std::optional<MessageBody::Piece>> GrpcWebResponseBody::next_buffered() {
    Result<std::optional<Piece>> piece = source_.next_buffered();
    if (!piece || !piece->has_value()) return piece;
    return encode(**piece);
}

net::Task<Result<MessageBody::Piece>> GrpcWebResponseBody::next() {
    const Result<Piece> piece = co_await source_.next();
    if (!piece) co_return piece;
    co_return encode(*piece);
}

}  // namespace sluice::proxy
