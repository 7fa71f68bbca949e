#include "config/route_words.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/effective.hpp"

namespace sluice::config {
namespace {

std::string condition_words(const Condition& condition, std::string_view between) {
    if (!condition.value) return condition.name;
    return condition.name + std::string(between) + (is_credential_name(condition.name) ? "***" : *condition.value);
}

std::vector<std::string> condition_identities(const std::vector<Condition>& conditions, bool ignoring_case) {
    std::vector<std::string> all;
    for (const Condition& condition : conditions) {
        const std::string name = ignoring_case ? to_lower(condition.name) : condition.name;
        all.push_back(name + '\n' + condition.value.value_or("\n"));
    }
    std::ranges::sort(all);
    return all;
}

}  // namespace

std::string match_words(const Match& match) {
    std::string words;
    for (const std::string& method : match.methods) words += (words.empty() ? "" : ", ") + method;
    if (!words.empty()) words += ' ';
    words += match.host + match.path;
    for (const Condition& header : match.headers) words += " with header " + condition_words(header, ": ");
    for (const Condition& query : match.query) words += " with ?" + condition_words(query, "=");
    return words;
}

std::string action_words(const Route& route) {
    if (const auto* respond = std::get_if<Respond>(&route.action)) return "responds " + std::to_string(respond->status);
    if (const auto* redirect = std::get_if<Redirect>(&route.action)) {
        return "redirects " + std::to_string(redirect->status) + " to " + redirect->location;
    }
    const auto& forward = std::get<Forward>(route.action);
    if (!forward.cluster.empty()) return "to cluster " + forward.cluster;
    std::string words;
    for (const Share& share : forward.split) {
        words += (words.empty() ? "to " : ", ") + share.cluster + " " + std::to_string(share.weight);
    }
    return words;
}

std::string route_name(const Route& route) { return route.name.empty() ? match_words(route.match) : route.name; }

std::string match_identity(const Match& match) {
    std::vector<std::string> parts = match.methods;
    std::ranges::sort(parts);
    parts.insert(parts.begin(), {to_lower(match.host), match.path});
    parts.push_back("headers");
    for (std::string& one : condition_identities(match.headers, true)) parts.push_back(std::move(one));
    parts.push_back("query");
    for (std::string& one : condition_identities(match.query, false)) parts.push_back(std::move(one));
    std::string identity;
    for (const std::string& part : parts) identity += part + '\0';
    return identity;
}

}  // namespace sluice::config
