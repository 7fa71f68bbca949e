#include "http/refusal.hpp"

#include <string>
#include <utility>

#include "base/text.hpp"

namespace sluice::http {

Error refuse(Side side, const Refusal& refusal, std::string_view detail) {
    constexpr std::size_t detail_bytes = 60;
    std::string context(refusal.reason);
    if (!detail.empty()) {
        context.append(": ");
        append_printable(context, detail.substr(0, detail_bytes));
        if (detail.size() > detail_bytes) context.append("...");
    }
    if (side == Side::Upstream) return upstream_error(ErrorCode::BadResponse, std::move(context));
    return client_error(refusal.code, std::move(context));
}

}  // namespace sluice::http
