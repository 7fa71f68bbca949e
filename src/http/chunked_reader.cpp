#include "http/chunked_reader.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "http/characters.hpp"
#include "http/field_parser.hpp"

namespace sluice::http {
namespace {

constexpr Refusal bad_size{ErrorCode::BadFraming, "a chunk size is not a hexadecimal number"};
constexpr Refusal size_too_big{ErrorCode::BadFraming,
                               "a chunk size has more than 16 digits or 63 bits"};
constexpr Refusal bad_extension{ErrorCode::BadFraming, "a chunk extension is malformed"};
constexpr Refusal line_too_long{ErrorCode::BadFraming, "a chunk-size line is over its limit"};
constexpr Refusal extensions_too_long{ErrorCode::BadFraming,
                                      "the chunk extensions are over their limit"};
constexpr Refusal mostly_framing{ErrorCode::BadFraming, "the chunked body is nearly all framing"};
constexpr Refusal bad_line_end{ErrorCode::BadFraming, "a chunk-size line does not end in CRLF"};
constexpr Refusal bad_data_end{ErrorCode::BadFraming, "the data of a chunk does not end in CRLF"};
constexpr Refusal bad_last_line{ErrorCode::BadFraming, "the chunked body does not end in CRLF"};
constexpr Refusal trailer_line_end{ErrorCode::BadFraming, "a trailer line does not end in CRLF"};
constexpr Refusal trailers_too_long{ErrorCode::HeadersTooLarge,
                                    "the trailer fields are over their limit"};
constexpr Refusal too_many_trailers{ErrorCode::HeadersTooLarge,
                                    "more trailer fields than the limit"};
constexpr Refusal forbidden_trailer{ErrorCode::BadFraming,
                                    "a field that no trailer section may contain"};
constexpr Refusal failed_before{ErrorCode::BadFraming, "the chunked body was refused before"};

constexpr std::uint8_t most_digits = 16;
constexpr std::uint64_t largest_chunk = std::numeric_limits<std::int64_t>::max();

}  // namespace

Result<ChunkedReader::Step> ChunkedReader::step(std::string_view input) {
    if (state_ == State::Failed) return fail(refuse(side_, failed_before));
    std::size_t at = 0;
    while (at < input.size() && state_ != State::Done) {
        if (state_ == State::Data) {
            const std::string_view data = input.substr(
                at,
                static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size() - at)));
            remaining_ -= data.size();
            data_bytes_ += data.size();
            if (remaining_ == 0) state_ = State::DataCr;
            return Step{Event::Data, at + data.size(), data};
        }
        if (const Verdict flaw = take(input[at])) {
            state_ = State::Failed;
            const char* const line = trailers_.data() + trailer_line_begin_;
            return fail(refuse(side_, *flaw, name_at(line, trailers_.data() + trailers_.size())));
        }
        ++at;
    }
    return Step{is_done() ? Event::End : Event::NeedMore, at, {}};
}

Verdict ChunkedReader::take(char c) {
    switch (state_) {
        case State::SizeFirst:
        case State::Size:
            return take_size(c);
        case State::ExtensionNameFirst:
        case State::ExtensionName:
        case State::ExtensionValueFirst:
        case State::ExtensionValue:
        case State::ExtensionQuoted:
        case State::ExtensionQuotedPair:
        case State::ExtensionQuotedEnd:
            return take_extension(c);
        case State::SizeLf:
        case State::DataCr:
        case State::DataLf:
        case State::EndLf:
            return take_line_end(c);
        case State::TrailerFirst:
        case State::Trailer:
        case State::TrailerLf:
            return take_trailer(c);
        case State::Data:
        case State::Done:
        case State::Failed:
            break;
    }
    return &failed_before;
}

Verdict ChunkedReader::take_size(char c) {
    if (const Verdict flaw = count_framing()) return flaw;
    if (const int digit = hex_value(c); digit >= 0) {
        if (++digits_ > most_digits || remaining_ > (largest_chunk >> 4)) return &size_too_big;
        remaining_ = (remaining_ << 4) | static_cast<std::uint64_t>(digit);
        state_ = State::Size;
        return nullptr;
    }
    if (state_ == State::SizeFirst) return &bad_size;
    if (c == '\n') return &bad_line_end;
    if (c != ';' && c != '\r') return &bad_size;
    return take_extension_end(c);
}

/// chunk-ext = *( ";" name [ "=" ( token / quoted-string ) ] ), without the white space that RFC
/// 9112, 7.1.1 calls bad: it divides parsers, and no sender needs it.
Verdict ChunkedReader::take_extension(char c) {
    if (const Verdict flaw = count_framing()) return flaw;
    if (++extension_bytes_ > limits_.extension_bytes) return &extensions_too_long;
    switch (state_) {
        case State::ExtensionNameFirst:
        case State::ExtensionValueFirst:
            if (c == '"' && state_ == State::ExtensionValueFirst) {
                state_ = State::ExtensionQuoted;
                return nullptr;
            }
            if (!is_in(ByteClass::Token, c)) return &bad_extension;
            state_ =
                state_ == State::ExtensionNameFirst ? State::ExtensionName : State::ExtensionValue;
            return nullptr;
        case State::ExtensionName:
        case State::ExtensionValue:
            if (is_in(ByteClass::Token, c)) return nullptr;
            if (c == '=' && state_ == State::ExtensionName) {
                state_ = State::ExtensionValueFirst;
                return nullptr;
            }
            return take_extension_end(c);
        case State::ExtensionQuoted:
            if (c == '"') state_ = State::ExtensionQuotedEnd;
            if (c == '\\') state_ = State::ExtensionQuotedPair;
            return is_in(ByteClass::Value, c) ? nullptr : &bad_extension;
        case State::ExtensionQuotedPair:
            state_ = State::ExtensionQuoted;
            return is_in(ByteClass::Value, c) ? nullptr : &bad_extension;
        default:
            return take_extension_end(c);
    }
}

/// What may follow a complete size or extension.
Verdict ChunkedReader::take_extension_end(char c) {
    if (c == ';') {
        state_ = State::ExtensionNameFirst;
        return nullptr;
    }
    if (c == '\r') {
        state_ = State::SizeLf;
        return nullptr;
    }
    return c == '\n' ? &bad_line_end : &bad_extension;
}

Verdict ChunkedReader::take_line_end(char c) {
    if (const Verdict flaw = count_framing()) return flaw;
    switch (state_) {
        case State::SizeLf:
            if (c != '\n') return &bad_line_end;
            state_ = remaining_ == 0 ? State::TrailerFirst : State::Data;
            digits_ = 0;
            line_bytes_ = 0;
            return nullptr;
        case State::DataCr:
            if (c != '\r') return &bad_data_end;
            state_ = State::DataLf;
            return nullptr;
        case State::DataLf:
            if (c != '\n') return &bad_data_end;
            state_ = State::SizeFirst;
            line_bytes_ = 0;
            return nullptr;
        default:
            if (c != '\n') return &bad_last_line;
            state_ = State::Done;
            return nullptr;
    }
}

Verdict ChunkedReader::take_trailer(char c) {
    if (state_ == State::TrailerFirst) {
        if (c == '\r') {
            state_ = State::EndLf;
            return nullptr;
        }
        if (c == '\n') return &bad_last_line;
        state_ = State::Trailer;
        trailer_line_begin_ = trailers_.size();
    }
    if (trailers_.size() == limits_.trailer_bytes) return &trailers_too_long;
    trailers_.push_back(c);
    if (state_ == State::TrailerLf) {
        return c == '\n' ? check_trailer_line() : &trailer_line_end;
    }
    if (c == '\n') return &trailer_line_end;
    if (c == '\r') state_ = State::TrailerLf;
    return nullptr;
}

Verdict ChunkedReader::check_trailer_line() {
    if (++trailer_fields_ > limits_.trailer_fields) return &too_many_trailers;
    const char* at = trailers_.data() + trailer_line_begin_;
    const char* const end = trailers_.data() + trailers_.size();
    Field field;
    const ByteClass names = side_ == Side::Client ? ByteClass::PlainName : ByteClass::Token;
    if (const Verdict flaw = take_field_line(at, end, names, field)) return flaw;
    if (!is_allowed_in_trailers(field.name)) return &forbidden_trailer;
    trailer_line_begin_ = trailers_.size();
    state_ = State::TrailerFirst;
    return nullptr;
}

Verdict ChunkedReader::count_framing() {
    constexpr std::uint64_t per_data_byte = 8;
    if (++line_bytes_ > limits_.line_bytes) return &line_too_long;
    if (++framing_bytes_ <= limits_.overhead_bytes) return nullptr;
    const std::uint64_t beyond = framing_bytes_ - limits_.overhead_bytes;
    return beyond / per_data_byte > data_bytes_ ? &mostly_framing : nullptr;
}

void ChunkedReader::clear() {
    std::string kept = std::move(trailers_);
    kept.clear();
    *this = ChunkedReader(limits_, side_);
    trailers_ = std::move(kept);
}

}  // namespace sluice::http
