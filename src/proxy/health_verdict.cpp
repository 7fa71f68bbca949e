#include "proxy/health_verdict.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "grpc/health.hpp"
#include "grpc/status.hpp"
#include "grpc/status_message.hpp"
#include "upstream/health_check_plan.hpp"

namespace sluice::proxy {
namespace {

/// Of the words that an endpoint says about its failure.
constexpr std::size_t most_message_bytes = 200;

/// In the trailers, or in the head where the response is nothing else.
std::optional<std::string_view> find_end_field(const HealthAnswer& answer, std::string_view name) {
    std::string_view lines = answer.trailers;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(std::min(line.size() + 2, lines.size()));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !equal_ignoring_case(line.substr(0, colon), name)) continue;
        return trim(line.substr(colon + 1));
    }
    const http::Field* const field = http::find_field(answer.head.fields, name);
    if (field == nullptr) return std::nullopt;
    return field->value;
}

std::string call_flaw(std::string_view number, const HealthAnswer& answer) {
    std::string flaw = "grpc-status ";
    append_printable(flaw, number.substr(0, most_message_bytes));
    if (const auto status = grpc::parse_status(number)) flaw.append(" ").append(grpc::name_of(*status));
    const std::string_view coded = find_end_field(answer, grpc::message_field).value_or("");
    if (coded.empty()) return flaw;
    std::string message;
    grpc::append_decoded_status_message(message, coded);
    flaw += ": ";
    // It goes to terminals as well.
    append_printable(flaw, std::string_view(message).substr(0, most_message_bytes));
    return flaw;
}

std::string grpc_flaw(const HealthAnswer& answer) {
    if (answer.head.status != 200) return "status " + std::to_string(answer.head.status);
    const std::optional<std::string_view> number = find_end_field(answer, grpc::status_field);
    if (!number) return "an answer without grpc-status, so it is not of gRPC";
    if (grpc::parse_status(*number) != grpc::Status::Ok) return call_flaw(*number, answer);
    const Result<grpc::ServingStatus> serving = grpc::parse_health_response(answer.body);
    if (!serving) return serving.error().context();
    if (*serving == grpc::ServingStatus::Serving) return {};
    return std::string(grpc::name_of(*serving));
}

}  // namespace

std::string flaw_of(const config::HealthCheck& settings, const HealthAnswer& answer) {
    if (settings.type == config::HealthCheck::Type::Grpc) return grpc_flaw(answer);
    const std::uint16_t status = answer.head.status;
    if (!config::contains(settings.statuses, status)) return "status " + std::to_string(status);
    if (!upstream::is_expected(settings, status, answer.body)) return "the body lacks the expected text";
    return {};
}

}  // namespace sluice::proxy
