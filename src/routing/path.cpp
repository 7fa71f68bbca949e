#include "routing/path.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/text.hpp"
#include "routing/hash.hpp"
#include "routing/slash_bits.hpp"
#include "routing/utf8.hpp"

namespace sluice::routing {
namespace {

enum class Class : std::uint8_t {
    /// Stands in the normal form as it is.
    Plain,
    /// Goes into the normal form percent-encoded.
    Encoded,
    Percent,
    Slash,
    Backslash,
    Control,
    /// Not allowed in a path, and sent by no browser.
    Refused,
};

constexpr std::string_view unreserved =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

constexpr std::uint8_t byte_of(char c) {
    return static_cast<std::uint8_t>(c);
}

constexpr std::array<Class, 256> make_classes() {
    std::array<Class, 256> classes{};
    classes.fill(Class::Refused);
    for (std::size_t i = 0; i < 0x20; ++i) classes[i] = Class::Control;
    classes[0x7F] = Class::Control;
    for (std::size_t i = 0x80; i < 0x100; ++i) classes[i] = Class::Encoded;
    for (const char c : unreserved) classes[byte_of(c)] = Class::Plain;
    for (const char c : std::string_view("!$&'()*+,;=:@")) classes[byte_of(c)] = Class::Plain;
    for (const char c : std::string_view("[]^|")) classes[byte_of(c)] = Class::Encoded;
    classes[byte_of('%')] = Class::Percent;
    classes[byte_of('/')] = Class::Slash;
    classes[byte_of('\\')] = Class::Backslash;
    return classes;
}

constexpr std::array<Class, 256> classes = make_classes();

constexpr std::array<bool, 256> make_unreserved() {
    std::array<bool, 256> table{};
    for (const char c : unreserved) table[byte_of(c)] = true;
    return table;
}

constexpr std::array<bool, 256> is_unreserved = make_unreserved();

// What the fast scan looks for: bytes that always need work, and those that may need it behind a
// slash, where they begin an empty segment, a dot segment, or an empty segment with path
// parameters.
constexpr std::uint8_t needs_work = 1;
constexpr std::uint8_t odd_behind_slash = 2;

constexpr std::array<std::uint8_t, 256> make_scan_bits() {
    std::array<std::uint8_t, 256> bits{};
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (classes[i] != Class::Plain && classes[i] != Class::Slash) bits[i] = needs_work;
    }
    bits[byte_of('.')] = odd_behind_slash;
    bits[byte_of(';')] = odd_behind_slash;
    return bits;
}

constexpr std::array<std::uint8_t, 256> scan_bits = make_scan_bits();

std::uint32_t scan_word(std::uint64_t word) {
    std::uint32_t found = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) found |= scan_bits[word >> shift & 0xFFU];
    return found;
}

/// By the word, without a decision for each byte; the last word overlaps the one before.
std::uint32_t scan(std::string_view raw) {
    std::uint32_t found = 0;
    if (raw.size() < 8) {
        for (const char c : raw) found |= scan_bits[byte_of(c)];
        return found;
    }
    for (std::size_t at = 0; at + 8 < raw.size(); at += 8) {
        found |= scan_word(load_word(raw.data() + at));
    }
    return found | scan_word(load_word(raw.data() + raw.size() - 8));
}

bool is_plainly_normal(std::string_view raw) {
    const std::uint32_t found = scan(raw);
    if ((found & needs_work) != 0) return false;
    if ((found & odd_behind_slash) != 0) {
        for (std::size_t i = 1; i < raw.size(); ++i) {
            if (raw[i - 1] == '/' && (raw[i] == '.' || raw[i] == ';')) return false;
        }
    }
    return !has_empty_segment(raw);
}

Failure refuse(std::string_view what, std::size_t offset) {
    std::string sentence = "the path ";
    sentence.append(what).append(" (at byte ").append(std::to_string(offset + 1)).append(")");
    return fail(client_error(ErrorCode::BadPath, std::move(sentence)));
}

void append_encoded(std::string& out, std::uint8_t byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    out.push_back('%');
    out.push_back(digits[byte >> 4U]);
    out.push_back(digits[byte & 0x0FU]);
}

/// Why a byte can't stand in a path, bare or decoded; "" when it can.
std::string_view reason_against(std::uint8_t byte, bool was_encoded) {
    if (byte == 0) return was_encoded ? "has an encoded NUL, %00" : "has a NUL byte";
    if (classes[byte] == Class::Control) {
        return was_encoded ? "has an encoded control byte" : "has a control byte";
    }
    if (classes[byte] == Class::Backslash) {
        return was_encoded ? "has an encoded backslash, %5C"
                           : "has a backslash; only '/' separates segments";
    }
    if (classes[byte] == Class::Slash) return "has an encoded slash, %2F";
    if (was_encoded || classes[byte] != Class::Refused) return {};
    if (byte == ' ') return "has a space; it must be sent as %20";
    if (byte == '#') return "has a fragment, which is never sent to a server";
    return "has a character that must be percent-encoded: one of \" < > ? ` { }";
}

/// Rewrites one path into its normal form, segment by segment.
class Normaliser {
public:
    Normaliser(std::string_view raw, std::string& out) : raw_(raw), out_(out) {}

    Result<std::string_view> run() {
        out_.assign(1, '/');
        std::size_t position = 1;
        while (position <= raw_.size()) {
            const std::size_t end = std::min(raw_.find('/', position), raw_.size());
            const std::size_t start = out_.size();
            if (auto done = append_segment(position, end); !done)
                return fail(std::move(done.error()));
            if (auto done = settle_segment(start, position, end == raw_.size()); !done) {
                return fail(std::move(done.error()));
            }
            position = end + 1;
        }
        return out_ == raw_ ? raw_ : std::string_view(out_);
    }

private:
    Result<void> append_segment(std::size_t position, std::size_t end) {
        Utf8Checker utf8;
        while (position < end) {
            const bool was_encoded = raw_[position] == '%';
            const int decoded = was_encoded ? decode(position, end) : byte_of(raw_[position]);
            if (decoded < 0) return refuse("has a '%' without two hexadecimal digits", position);
            const auto byte = static_cast<std::uint8_t>(decoded);
            const std::string_view reason = reason_against(byte, was_encoded);
            if (!reason.empty()) return refuse(reason, position);
            if (!utf8.accept(byte)) return refuse("is not valid UTF-8", position);
            append(byte, was_encoded);
            position += was_encoded ? 3 : 1;
        }
        if (!utf8.is_complete()) return refuse("is not valid UTF-8", end - 1);
        return {};
    }

    /// The byte that the percent-encoding at `position` stands for, or -1.
    [[nodiscard]] int decode(std::size_t position, std::size_t end) const {
        if (end - position < 3) return -1;
        const int high = hex_value(raw_[position + 1]);
        const int low = hex_value(raw_[position + 2]);
        return high < 0 || low < 0 ? -1 : high * 16 + low;
    }

    void append(std::uint8_t byte, bool was_encoded) {
        const bool bare = was_encoded ? is_unreserved[byte] : classes[byte] == Class::Plain;
        if (bare) {
            out_.push_back(static_cast<char>(byte));
        } else {
            append_encoded(out_, byte);
        }
    }

    /// Resolves the segment that was just written at `start`: keeps it, drops it, or goes up.
    Result<void> settle_segment(std::size_t start, std::size_t position, bool is_last) {
        const std::string_view segment = std::string_view(out_).substr(start);
        if (hides_in_parameters(segment)) {
            return refuse("has a dot segment or an empty segment with path parameters", position);
        }
        if (segment == "..") {
            if (start == 1) return refuse("goes above the root", position);
            out_.resize(out_.rfind('/', start - 2) + 1);
        } else if (segment == ".") {
            out_.resize(start);
        } else if (!segment.empty() && !is_last) {
            out_.push_back('/');
        }
        return {};
    }

    /// "..;x", ".;x", ";x", with ';' bare or encoded: a server that removes path parameters first
    /// would see a dot segment or an empty one.
    [[nodiscard]] static bool hides_in_parameters(std::string_view segment) {
        std::size_t dots = 0;
        while (dots < segment.size() && segment[dots] == '.') ++dots;
        const std::string_view rest = segment.substr(dots);
        return dots <= 2 && (rest.starts_with(';') || rest.starts_with("%3B"));
    }

    std::string_view raw_;
    std::string& out_;
};

}  // namespace

Result<std::string_view> normalise_path(std::string_view raw, std::string& scratch) {
    if (raw.empty() || raw.front() != '/') return refuse("does not begin with '/'", 0);
    if (is_plainly_normal(raw)) return raw;
    return Normaliser(raw, scratch).run();
}

}  // namespace sluice::routing
