#include "net/srv_reply.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sluice::net {
namespace {

constexpr std::size_t most_name_bytes = 255;

/// Reads a DNS message from front to back. After a failure everything reads as zero and `failed` stays set.
class MessageReader {
public:
    explicit MessageReader(std::span<const std::uint8_t> message) : message_(message) {}

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] std::size_t position() const { return position_; }

    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return number(4); }

    void skip(std::size_t bytes) {
        if (take(bytes)) position_ += bytes;
    }

    /// A name that may be compressed (RFC 1035, 4.1.4), labels joined by dots.
    std::string name() {
        std::string text;
        const std::size_t end = read_labels(position_, text);
        if (!failed_) position_ = end;
        return text;
    }

private:
    bool take(std::size_t bytes) {
        if (failed_ || message_.size() - position_ < bytes) failed_ = true;
        return !failed_;
    }

    std::uint32_t number(std::size_t bytes) {
        if (!take(bytes)) return 0;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) value = (value << 8) | message_[position_++];
        return value;
    }

    std::size_t fail_at(std::size_t at) {
        failed_ = true;
        return at;
    }

    /// Returns where the name ends at its own place. A pointer must lead backwards, so that no name is endless.
    std::size_t read_labels(std::size_t at, std::string& text) {
        std::optional<std::size_t> end;
        std::size_t lowest = at;
        while (!failed_) {
            if (at >= message_.size()) return fail_at(at);
            const std::uint8_t length = message_[at];
            if (length == 0) return end.value_or(at + 1);
            if (length >= 0xC0) {
                if (at + 1 >= message_.size()) return fail_at(at);
                if (!end) end = at + 2;
                at = static_cast<std::size_t>(length & 0x3F) << 8 | message_[at + 1];
                if (at >= lowest) return fail_at(at);
                lowest = at;
                continue;
            }
            if (length > 63 || message_.size() - at <= length) return fail_at(at);
            if (!text.empty()) text += '.';
            if (!append_label(message_.subspan(at + 1, length), text)) return fail_at(at);
            at += std::size_t{1} + length;
        }
        return at;
    }

    /// Refuses a dot within a label, which could not be told from one between labels.
    static bool append_label(std::span<const std::uint8_t> label, std::string& text) {
        if (std::ranges::find(label, std::uint8_t{'.'}) != label.end()) return false;
        text.append(label.begin(), label.end());
        return text.size() <= most_name_bytes;
    }

    std::span<const std::uint8_t> message_;
    std::size_t position_ = 0;
    bool failed_ = false;
};

bool is_host_name(std::string_view name) {
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

/// RFC 2181, 8: a TTL with the highest bit set is 0.
std::chrono::seconds ttl_of(std::uint32_t value) { return std::chrono::seconds(value > 0x7FFF'FFFF ? 0 : value); }

/// Reads one record of the answer into `reply`; false when it is malformed.
bool read_answer(MessageReader& reader, SrvReply& reply, bool is_first) {
    reader.name();
    const std::uint16_t type = reader.u16();
    const std::uint16_t record_class = reader.u16();
    const std::chrono::seconds ttl = ttl_of(reader.u32());
    const std::uint16_t length = reader.u16();
    const std::size_t begin = reader.position();
    if (reader.failed()) return false;
    reply.ttl = is_first ? ttl : std::min(reply.ttl, ttl);
    if (type != type_srv || record_class != class_internet) {
        reader.skip(length);
        return !reader.failed();
    }
    SrvRecord record;
    record.priority = reader.u16();
    record.weight = reader.u16();
    record.port = reader.u16();
    record.target = reader.name();
    if (reader.failed() || reader.position() != begin + length || !is_host_name(record.target)) return false;
    if (reply.records.size() < most_srv_records) reply.records.push_back(std::move(record));
    return true;
}

}  // namespace

std::optional<SrvReply> parse_srv_reply(std::span<const std::uint8_t> message) {
    MessageReader reader(message);
    reader.skip(4);
    const std::uint16_t questions = reader.u16();
    const std::uint16_t answers = reader.u16();
    reader.skip(4);
    for (std::uint16_t i = 0; i < questions && !reader.failed(); ++i) {
        reader.name();
        reader.skip(4);
    }
    SrvReply reply;
    for (std::uint16_t i = 0; i < answers; ++i) {
        if (!read_answer(reader, reply, i == 0)) return std::nullopt;
    }
    if (reader.failed()) return std::nullopt;
    return reply;
}

}  // namespace sluice::net
