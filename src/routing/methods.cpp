#include "routing/methods.hpp"

#include <algorithm>
#include <set>

namespace sluice::routing {
namespace {

constexpr std::array<std::string_view, known_methods> method_names{
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

constexpr std::size_t max_other_methods = 32 - known_methods - 1;
constexpr std::size_t max_texts = 8192;

}  // namespace

std::optional<MethodSet> MethodRegistry::add(const std::vector<std::string>& names) {
    if (names.empty()) return any_method;
    MethodSet set = 0;
    for (const std::string& name : names) {
        const auto known = std::ranges::find(method_names, std::string_view(name));
        if (known != method_names.end()) {
            set |= 1U << static_cast<std::uint32_t>(known - method_names.begin());
            continue;
        }
        const auto other = std::ranges::find(others_, name);
        const auto number = static_cast<std::size_t>(other - others_.begin());
        if (number == max_other_methods) return std::nullopt;
        if (other == others_.end()) others_.push_back(name);
        set |= 1U << static_cast<std::uint32_t>(known_methods + number);
    }
    return set;
}

bool MethodRegistry::write_texts(const std::vector<MethodSet>& sets) {
    std::set<MethodSet> unions;
    for (const MethodSet set : std::set<MethodSet>(sets.begin(), sets.end())) {
        std::vector<MethodSet> grown{set};
        for (const MethodSet before : unions) grown.push_back(before | set);
        unions.insert(grown.begin(), grown.end());
        if (unions.size() > max_texts) return false;
    }
    texts_.clear();
    for (const MethodSet set : unions) texts_.push_back({set, write(set)});
    return true;
}

std::string_view MethodRegistry::text_of(MethodSet set) const noexcept {
    const auto found = std::ranges::lower_bound(texts_, set, {}, &Text::set);
    return found != texts_.end() && found->set == set ? std::string_view(found->text)
                                                      : std::string_view();
}

MethodSet MethodRegistry::find(http::Method method, std::string_view name) const noexcept {
    if (method != http::Method::Other) return set_of(method);
    const auto other = std::ranges::find(others_, name);
    const auto number = other != others_.end() ? static_cast<std::size_t>(other - others_.begin())
                                               : max_other_methods;
    return 1U << static_cast<std::uint32_t>(known_methods + number);
}

std::vector<std::string_view> MethodRegistry::other_names(MethodSet set) const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < others_.size(); ++i) {
        if ((set >> (known_methods + i) & 1U) != 0) names.push_back(others_[i]);
    }
    return names;
}

std::string MethodRegistry::write(MethodSet set) const {
    std::string text;
    const auto append = [&text](std::string_view name) {
        if (!text.empty()) text.append(", ");
        text.append(name);
    };
    for (std::size_t i = 0; i < known_methods; ++i) {
        if ((set >> i & 1U) != 0) append(method_names[i]);
    }
    for (const std::string_view name : other_names(set)) append(name);
    return text;
}

}  // namespace sluice::routing
