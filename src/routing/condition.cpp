#include "routing/condition.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "routing/route_table.hpp"

namespace sluice::routing {
namespace {

/// Takes one decoded character off the front; a broken encoding stands for itself.
char take_decoded(std::string_view& text) {
    const char first = text.front();
    const int high = first == '%' && text.size() > 2 ? hex_value(text[1]) : -1;
    const int low = high >= 0 ? hex_value(text[2]) : -1;
    text.remove_prefix(low >= 0 ? 3 : 1);
    if (low >= 0) return static_cast<char>(high * 16 + low);
    return first == '+' ? ' ' : first;
}

bool equal_decoded(std::string_view encoded, std::string_view plain) {
    for (const char expected : plain) {
        if (encoded.empty() || take_decoded(encoded) != expected) return false;
    }
    return encoded.empty();
}

bool header_holds(const Condition& condition, const http::Fields* fields) {
    if (fields == nullptr) return false;
    for (const http::Field& field : *fields) {
        if (field.id != condition.id) continue;
        if (condition.id == http::FieldId::Other &&
            !equal_ignoring_case(field.name, condition.name)) {
            continue;
        }
        return !condition.has_value || field.value == condition.value;
    }
    return false;
}

bool query_holds(const Condition& condition, std::string_view query) {
    const auto value = find_query_value(query, condition.name);
    return value && (!condition.has_value || equal_decoded(*value, condition.value));
}

bool want_different_values(const config::Condition& a, const config::Condition& b,
                           bool ignoring_case) {
    const bool same_name = ignoring_case ? equal_ignoring_case(a.name, b.name) : a.name == b.name;
    return same_name && a.value && b.value && *a.value != *b.value;
}

}  // namespace

std::optional<std::string_view> find_query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (!equal_decoded(pair.substr(0, equals), name)) continue;
        return pair.substr(std::min(equals + 1, pair.size()));
    }
    return std::nullopt;
}

bool holds(const Condition& condition, const RequestKey& key) noexcept {
    switch (condition.kind) {
        case Condition::Kind::Method:
            return key.method_name == condition.name;
        case Condition::Kind::Header:
            return header_holds(condition, key.fields);
        case Condition::Kind::Query:
            break;
    }
    return query_holds(condition, key.query);
}

std::vector<Condition> compile_conditions(const config::Match& match) {
    std::vector<Condition> compiled;
    for (const config::Condition& header : match.headers) {
        compiled.push_back({Condition::Kind::Header, header.value.has_value(),
                            http::field_id(header.name), header.name,
                            header.value ? std::string_view(*header.value) : std::string_view()});
    }
    for (const config::Condition& query : match.query) {
        compiled.push_back({Condition::Kind::Query, query.value.has_value(), http::FieldId::Other,
                            query.name,
                            query.value ? std::string_view(*query.value) : std::string_view()});
    }
    return compiled;
}

bool are_disjoint(const config::Match& a, const config::Match& b) {
    for (const config::Condition& one : a.headers) {
        const auto differs = [&](const config::Condition& other) {
            return want_different_values(one, other, true);
        };
        if (std::ranges::any_of(b.headers, differs)) return true;
    }
    for (const config::Condition& one : a.query) {
        const auto differs = [&](const config::Condition& other) {
            return want_different_values(one, other, false);
        };
        if (std::ranges::any_of(b.query, differs)) return true;
    }
    return false;
}

}  // namespace sluice::routing
