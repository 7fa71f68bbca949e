#include "base/error.hpp"

#include <array>
#include <utility>

namespace sluice {
namespace {

constexpr std::array code_names{
    std::string_view{"bad_request"},       std::string_view{"bad_framing"},
    std::string_view{"bad_path"},          std::string_view{"bad_host"},
    std::string_view{"target_too_long"},   std::string_view{"headers_too_large"},
    std::string_view{"body_too_large"},    std::string_view{"version_not_supported"},
    std::string_view{"not_implemented"},   std::string_view{"expectation_failed"},
    std::string_view{"method_not_allowed"}, std::string_view{"no_route"},
    std::string_view{"head_timeout"},      std::string_view{"body_timeout"},
    std::string_view{"client_closed"},     std::string_view{"too_many_connections"},
    std::string_view{"too_many_frames"},
    std::string_view{"no_endpoint"},       std::string_view{"no_connection"},
    std::string_view{"breaker_open"},
    std::string_view{"connect_refused"},   std::string_view{"connect_timeout"},
    std::string_view{"tls_refused"},
    std::string_view{"response_timeout"},  std::string_view{"bad_response"},
    std::string_view{"upstream_closed"},   std::string_view{"config_invalid"},
    std::string_view{"system"},            std::string_view{"closed"},
    std::string_view{"cancelled"},         std::string_view{"timed_out"},
    std::string_view{"draining"},
    std::string_view{"internal"},
};
static_assert(code_names.size() == static_cast<std::size_t>(ErrorCode::Internal) + 1);

}  // namespace

std::string_view name_of(ErrorCode code) { return code_names[static_cast<std::size_t>(code)]; }

std::string_view name_of(Side side) {
    switch (side) {
        case Side::Client: return "client";
        case Side::Upstream: return "upstream";
        case Side::Internal: break;
    }
    return "internal";
}

Error::Error(ErrorCode the_code, Side the_side, Retry the_retry, std::string context, std::error_code cause)
    : code(the_code), side(the_side), retry(the_retry) {
    if (!context.empty() || cause) words_ = std::make_unique<Words>(Words{std::move(context), cause});
}

Error::Error(const Error& other)
    : code(other.code), side(other.side), retry(other.retry), words_(other.words_ ? std::make_unique<Words>(*other.words_) : nullptr) {}

Error& Error::operator=(const Error& other) { return *this = Error(other); }

const std::string& Error::context() const {
    static const std::string none;
    return words_ ? words_->context : none;
}

void Error::set_context(std::string context) { words_ = std::make_unique<Words>(Words{std::move(context), cause()}); }

std::string describe(const Error& error) {
    std::string line;
    line.append(name_of(error.side)).append(" ").append(name_of(error.code));
    if (!error.context().empty()) line.append(": ").append(error.context());
    if (error.cause()) line.append(" (").append(error.cause().message()).append(")");
    return line;
}

Error client_error(ErrorCode code, std::string context) {
    return {code, Side::Client, Retry::Never, std::move(context), {}};
}

Error upstream_error(ErrorCode code, std::string context, Retry retry, std::error_code cause) {
    return {code, Side::Upstream, retry, std::move(context), cause};
}

Error system_error(std::string context, std::error_code cause) {
    return {ErrorCode::System, Side::Internal, Retry::Never, std::move(context), cause};
}

}  // namespace sluice
