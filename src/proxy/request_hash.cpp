#include "proxy/request_hash.hpp"

#include <optional>

#include "routing/condition.hpp"
#include "upstream/cookie.hpp"
#include "upstream/hash.hpp"

namespace sluice::proxy {
namespace {

std::optional<std::string_view> field_value(const http::Fields& fields, std::string_view name) {
    const http::Field* const field = http::find_field(fields, name);
    return field == nullptr ? std::nullopt : std::optional(field->value);
}

std::optional<std::string_view> part_of(const config::HashKey& key, const http::RequestHead& head, std::string_view path) {
    using By = config::HashKey::By;
    switch (key.by) {
        case By::Header: return field_value(head.fields, key.name);
        case By::Cookie: {
            const auto cookies = field_value(head.fields, "Cookie");
            return cookies ? upstream::find_cookie(*cookies, key.name) : std::nullopt;
        }
        case By::Query: return routing::find_query_value(head.query, key.name);
        case By::Path: return path;
        case By::Client: break;
    }
    return std::nullopt;
}

}  // namespace

std::string_view hashed_text(const config::HashKey& key, const http::RequestHead& head, std::string_view path,
                             std::string_view client_address) {
    return part_of(key, head, path).value_or(client_address);
}

std::uint64_t request_hash(const config::HashKey& key, const http::RequestHead& head, std::string_view path,
                           std::string_view client_address) {
    return upstream::hash_text(hashed_text(key, head, path, client_address));
}

}  // namespace sluice::proxy
