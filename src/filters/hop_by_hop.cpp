#include "filters/hop_by_hop.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace sluice::filters {
namespace {

using http::FieldId;

constexpr std::uint64_t bit(FieldId id) {
    return std::uint64_t{1} << std::to_underlying(id);
}

constexpr std::uint64_t bits_of(std::initializer_list<FieldId> ids) {
    std::uint64_t bits = 0;
    for (const FieldId id : ids) bits |= bit(id);
    return bits;
}

/// Credentials for a proxy end here too: this gateway is none (RFC 9110, 11.7).
constexpr std::uint64_t hop_by_hop =
    bits_of({FieldId::Connection, FieldId::KeepAlive, FieldId::ProxyAuthenticate,
             FieldId::ProxyAuthorization, FieldId::ProxyConnection, FieldId::Te,
             FieldId::TransferEncoding, FieldId::Upgrade});

constexpr std::uint64_t not_removable =
    bits_of({FieldId::ContentLength, FieldId::Host, FieldId::Forwarded, FieldId::Via,
             FieldId::XForwardedFor, FieldId::XForwardedHost, FieldId::XForwardedProto});

/// What one message may name in Connection beyond the usual options; it bounds the work, which is
/// this times the number of fields.
constexpr std::size_t most_named = 32;

/// Names of fields that Connection asks to remove.
class NamedFields {
public:
    /// False when there are too many.
    bool add_from(std::string_view options) {
        while (const auto option = next_list_element(options)) {
            if (is_of_no_consequence(*option)) continue;
            if (size_ == names_.size()) return false;
            names_[size_++] = *option;
        }
        return true;
    }

    [[nodiscard]] bool empty() const { return size_ == 0; }

    [[nodiscard]] bool contains(std::string_view name) const {
        for (std::size_t i = 0; i < size_; ++i) {
            if (equal_ignoring_case(names_[i], name)) return true;
        }
        return false;
    }

private:
    static bool is_of_no_consequence(std::string_view option) {
        if (equal_ignoring_case(option, "close")) return true;
        return (bit(http::field_id(option)) & (hop_by_hop | not_removable)) != 0;
    }

    std::array<std::string_view, most_named> names_;
    std::size_t size_ = 0;
};

bool names_trailers(std::string_view te) {
    while (const auto element = next_list_element(te)) {
        if (equal_ignoring_case(*element, "trailers")) return true;
    }
    return false;
}

/// The usual values, which name no field.
bool is_plain(std::string_view connection) {
    return equal_ignoring_case(connection, "keep-alive") ||
           equal_ignoring_case(connection, "close");
}

/// Removes what Connection names; false when it names too much.
bool remove_named(http::Fields& fields) {
    NamedFields named;
    bool is_bounded = true;
    for (const http::Field& field : fields) {
        if (field.id == FieldId::Connection && !named.add_from(field.value)) is_bounded = false;
    }
    if (!named.empty()) {
        std::erase_if(fields, [&](const http::Field& field) { return named.contains(field.name); });
    }
    return is_bounded;
}

}  // namespace

HopByHop remove_hop_by_hop(http::Fields& fields) {
    HopByHop found;
    std::uint64_t present = 0;
    bool names_fields = false;
    for (const http::Field& field : fields) {
        present |= bit(field.id);
        if (field.id == FieldId::Connection && !is_plain(field.value)) names_fields = true;
        if (field.id == FieldId::Te && names_trailers(field.value)) found.takes_trailers = true;
    }
    if ((present & hop_by_hop) == 0) return found;
    if (names_fields) found.too_many_options = !remove_named(fields);
    std::erase_if(fields,
                  [](const http::Field& field) { return (bit(field.id) & hop_by_hop) != 0; });
    return found;
}

}  // namespace sluice::filters
