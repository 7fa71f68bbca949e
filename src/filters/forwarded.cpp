#include "filters/forwarded.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/text.hpp"
#include "config/address.hpp"
#include "filters/forwarded_element.hpp"

namespace sluice::filters {
namespace {

using http::FieldId;

constexpr std::size_t longest_request_id = 128;

constexpr bool is_id_character(char c) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alphanumeric || c == '.' || c == '_' || c == '~' || c == '+' || c == '/' ||
           c == '=' || c == '-';
}

bool is_sound_request_id(std::string_view id) {
    return !id.empty() && id.size() <= longest_request_id &&
           std::all_of(id.begin(), id.end(), is_id_character);
}

/// 16 hexadecimal digits, eight at a time: each four bits become a byte, and the byte a digit.
void write_hex(char* out, std::uint64_t value) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    for (std::uint64_t word : {value >> 32, value & 0xFFFFFFFF}) {
        word = (word | word << 16) & 0x0000FFFF0000FFFF;
        word = (word | word << 8) & 0x00FF00FF00FF00FF;
        word = (word | word << 4) & (ones * 0x0F);
        const std::uint64_t is_letter = (word + ones * 6) >> 4 & ones;
        word += ones * '0' + is_letter * ('a' - '0' - 10);
        std::memcpy(out, &word, sizeof word);
        out += sizeof word;
    }
}

/// X-Real-IP and every X-Forwarded-*, those without an id of their own too.
bool speaks_for_client(std::string_view name) {
    if (name.size() < 9 || lower(name[0]) != 'x' || name[1] != '-') return false;
    constexpr std::string_view prefix = "x-forwarded-";
    return equal_ignoring_case(name, "x-real-ip") ||
           equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

/// An element of X-Forwarded-For without the port that some proxies write.
std::string_view without_port(std::string_view element) {
    if (element.starts_with('[')) {
        const std::size_t end = element.find(']');
        return end == std::string_view::npos ? element : element.substr(1, end - 1);
    }
    const std::size_t colon = element.find(':');
    const bool has_one_colon = colon != std::string_view::npos && colon == element.rfind(':');
    return has_one_colon ? element.substr(0, colon) : element;
}

/// Takes the last element of a list off its end.
std::string_view take_last(std::string_view& list) {
    const std::size_t comma = list.rfind(',');
    const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
    const std::string_view element = trim(list.substr(begin));
    list = list.substr(0, begin == 0 ? 0 : comma);
    return element;
}

std::string_view joined(std::string_view earlier, std::string_view value, Arena& arena) {
    return earlier.empty() ? value : arena.concat({earlier, ", ", value});
}

/// Puts what a trusted peer said into one place, and says whether the field stays as it is.
struct Collector {
    Arena& arena;
    bool extends_for;
    bool extends_forwarded;
    std::string_view earlier_for;
    std::string_view earlier_forwarded;
    bool has_proto = false;
    bool has_host = false;

    bool take(const http::Field& field) {
        switch (field.id) {
            case FieldId::XForwardedFor:
                if (extends_for) earlier_for = joined(earlier_for, field.value, arena);
                return extends_for;
            case FieldId::Forwarded:
                if (extends_forwarded)
                    earlier_forwarded = joined(earlier_forwarded, field.value, arena);
                return extends_forwarded;
            case FieldId::XForwardedProto:
                has_proto = true;
                return false;
            case FieldId::XForwardedHost:
                has_host = true;
                return false;
            default:
                return false;
        }
    }
};

bool is_unproven(const http::Field& field) {
    switch (field.id) {
        case FieldId::Forwarded:
        case FieldId::XForwardedFor:
        case FieldId::XForwardedHost:
        case FieldId::XForwardedProto:
            return true;
        case FieldId::Other:
            return speaks_for_client(field.name);
        default:
            return false;
    }
}

}  // namespace

Forwarded::Forwarded(const config::Forwarding& settings)
    : trusted_(settings.trusted_proxies),
      x_forwarded_(settings.x_forwarded),
      forwarded_(settings.forwarded),
      request_id_header_(settings.request_id_header),
      request_id_field_(http::field_id(request_id_header_)) {
    trusts_unix_ = std::ranges::any_of(trusted_, [](const config::Network& network) {
        return network.kind == config::Address::Kind::UnixPath;
    });
    if (settings.via.empty()) return;
    via_[0] = "1.0 " + settings.via;
    via_[1] = "1.1 " + settings.via;
    via_[2] = "2 " + settings.via;
}

Peer Forwarded::make_peer(std::string_view address) const {
    Peer peer;
    const std::optional<config::Network> network = config::parse_ip(address);
    peer.has_address = network.has_value();
    if (!network) {
        peer.is_trusted = trusts_unix_;
        return peer;
    }
    // "::ffff:10.0.0.1" is what a dual-stack listener calls 10.0.0.1.
    peer.text = address.contains('.') ? address.substr(address.rfind(':') + 1) : address;
    peer.is_trusted = trusts(*network);
    return peer;
}

bool Forwarded::trusts(const config::Network& address) const {
    const bool is_ipv4 = address.kind == config::Address::Kind::Ipv4;
    const auto bytes = std::span<const std::uint8_t>(address.bytes).first(is_ipv4 ? 4 : 16);
    return std::ranges::any_of(trusted_, [&](const config::Network& network) {
        return config::contains(network, address.kind, bytes);
    });
}

std::string_view Forwarded::client_address(const Peer& peer, const http::Fields& fields) const {
    std::string_view client = peer.text;
    if (!peer.is_trusted) return client;
    for (std::size_t i = fields.size(); i-- > 0;) {
        if (fields[i].id != FieldId::XForwardedFor) continue;
        std::string_view list = fields[i].value;
        while (!list.empty()) {
            const std::string_view element = without_port(take_last(list));
            const std::optional<config::Network> address = config::parse_ip(element);
            // Beyond a word that is no address nothing can be believed.
            if (!address) return client;
            client = element;
            if (!trusts(*address)) return client;
        }
    }
    return client;
}

bool Forwarded::is_request_id(const http::Field& field) const {
    return field.name.size() == request_id_header_.size() && !field.name.empty() &&
           equal_ignoring_case(field.name, request_id_header_);
}

std::string_view Forwarded::request_id(const http::Fields& fields, Arena& arena,
                                       Random& random) const {
    for (const http::Field& field : fields) {
        if (!is_request_id(field)) continue;
        if (is_sound_request_id(field.value)) return field.value;
        break;
    }
    char* const id = arena.allocate(32);
    write_hex(id, random.next());
    write_hex(id + 16, random.next());
    return {id, 32};
}

void Forwarded::apply(http::Fields& fields, const ForwardedFacts& facts, Arena& arena) const {
    Collector earlier{arena, x_forwarded_, forwarded_, {}, {}};
    std::erase_if(fields, [&](const http::Field& field) {
        if (is_request_id(field)) return !facts.request_id.empty();
        return facts.peer.is_trusted ? earlier.take(field) : is_unproven(field);
    });
    if (x_forwarded_) {
        const std::string_view peers = joined(earlier.earlier_for, facts.peer.text, arena);
        fields.push_back({"X-Forwarded-For", peers, FieldId::XForwardedFor});
        if (!earlier.has_proto)
            fields.push_back({"X-Forwarded-Proto", facts.scheme, FieldId::XForwardedProto});
        if (!earlier.has_host && !facts.authority.empty()) {
            fields.push_back({"X-Forwarded-Host", facts.authority, FieldId::XForwardedHost});
        }
    }
    if (forwarded_) {
        const std::string_view list = forwarded_element(earlier.earlier_forwarded, facts, arena);
        fields.push_back({"Forwarded", list, FieldId::Forwarded});
    }
    const std::size_t version = facts.major_version == 2 ? 2 : facts.minor_version;
    const std::string& via = via_[version];
    if (!via.empty()) fields.push_back({"Via", via, FieldId::Via});
    if (!request_id_header_.empty() && !facts.request_id.empty()) {
        fields.push_back({request_id_header_, facts.request_id, request_id_field_});
    }
}

}  // namespace sluice::filters
