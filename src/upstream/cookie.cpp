#include "upstream/cookie.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::upstream {

std::optional<std::string_view> find_cookie(std::string_view cookie_header, std::string_view name) {
    while (!cookie_header.empty()) {
        const std::size_t end = std::min(cookie_header.find(';'), cookie_header.size());
        const std::string_view pair = cookie_header.substr(0, end);
        cookie_header.remove_prefix(std::min(end + 1, cookie_header.size()));
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        if (trim(pair.substr(0, equals)) == name) return trim(pair.substr(equals + 1));
    }
    return std::nullopt;
}

}  // namespace sluice::upstream
