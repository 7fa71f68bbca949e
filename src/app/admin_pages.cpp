#include "app/admin_pages.hpp"

#include <array>
#include <utility>

#include "app/admin_json.hpp"
#include "app/explain_request.hpp"
#include "base/text.hpp"
#include "net/handover.hpp"
#include "telemetry/json_writer.hpp"
#include "telemetry/prometheus.hpp"

namespace sluice::app {
namespace {

constexpr std::size_t most_slow = 1000;

proxy::LocalResponse not_available(std::string_view what) {
    return json_error(501, "not_available", std::string(what) + " is not available in this gateway", "see GET /v1/openapi.json");
}

void write_lines(telemetry::JsonWriter& out, std::string_view name, const std::vector<std::string>& lines) {
    out.begin_array(name);
    for (const std::string& line : lines) out.member({}, line);
    out.end_array();
}

proxy::LocalResponse reload_answer(const ReloadOutcome& outcome, bool is_dry_run) {
    if (!outcome.is_accepted) {
        return json_error(422, "config_refused", "the configuration has errors; the one in force stays", "mend them and reload again",
                          outcome.problems);
    }
    telemetry::JsonWriter out;
    out.begin_object();
    out.member("accepted", true);
    out.member("dry_run", is_dry_run);
    out.member("generation", outcome.generation);
    write_lines(out, "changes", outcome.changes);
    write_lines(out, "warnings", outcome.warnings);
    out.end_object();
    return json_answer(200, out.take());
}

/// The value of "limit=10" in a query; nullopt when it is no number or something else stands there.
std::optional<std::size_t> limit_of(std::string_view query) {
    if (query.empty()) return most_slow;
    if (!query.starts_with("limit=")) return std::nullopt;
    const std::optional<std::uint64_t> limit = parse_decimal(query.substr(6));
    if (!limit || *limit == 0 || *limit > most_slow) return std::nullopt;
    return static_cast<std::size_t>(*limit);
}

}  // namespace

const char* const admin_index =
    "Sluice admin\n"
    "/healthz  200 while the process runs\n"
    "/readyz   200 while it takes requests, 503 while it drains\n"
    "/metrics  counters and histograms in Prometheus' text format\n"
    "/status   the same for people and scripts, as JSON\n"
    "/v1/openapi.json  what else there is: reload, drain, breakers, slow requests (or use sluice ctl)\n";

AdminAnswer index_page(const AdminServices&, const AdminRequest&) { co_return proxy::LocalResponse{200, plain_text, admin_index, {}}; }

AdminAnswer health_page(const AdminServices&, const AdminRequest&) { co_return proxy::LocalResponse{200, plain_text, "ok\n", {}}; }

AdminAnswer readiness_page(const AdminServices& services, const AdminRequest&) {
    if (services.is_draining()) co_return proxy::LocalResponse{503, plain_text, "draining\n", {}};
    co_return proxy::LocalResponse{200, plain_text, "ready\n", {}};
}

AdminAnswer metrics_page(const AdminServices& services, const AdminRequest&) {
    co_return proxy::LocalResponse{200, std::string(telemetry::prometheus_content_type), services.metrics_page(), {}};
}

AdminAnswer status_page(const AdminServices& services, const AdminRequest&) { co_return json_answer(200, services.status_page()); }

AdminAnswer openapi_page(const AdminServices&, const AdminRequest&) { co_return json_answer(200, std::string(openapi_document())); }

AdminAnswer config_page(const AdminServices& services, const AdminRequest&) {
    if (!services.effective_config) co_return not_available("the effective configuration");
    co_return json_answer(200, services.effective_config());
}

AdminAnswer slow_page(const AdminServices& services, const AdminRequest& request) {
    const std::optional<std::size_t> limit = limit_of(request.request.head.query);
    if (!limit) {
        co_return json_error(400, "query_invalid", "the query is not understood", "write ?limit=N with N from 1 to 1000, or nothing");
    }
    co_return json_answer(200, telemetry::slow_document(services.slow_requests(), *limit));
}

AdminAnswer reload(const AdminServices& services, const AdminRequest& request) {
    JsonArguments arguments(request.request.body, {"dry_run"});
    const bool is_dry_run = arguments.flag("dry_run").value_or(false);
    if (std::optional<proxy::LocalResponse> refusal = arguments.refusal()) co_return std::move(*refusal);
    if (!services.reload) co_return not_available("a reload");
    net::Handover<ReloadOutcome> handover(request.request.worker);
    services.reload({"admin", is_dry_run}, [giver = handover.giver()](const ReloadOutcome& outcome) { giver(outcome); });
    const std::optional<ReloadOutcome> outcome = co_await handover.wait();
    if (!outcome) co_return json_error(503, "stopping", "the gateway is stopping", "start it again");
    co_return reload_answer(*outcome, is_dry_run);
}

AdminAnswer set_log_level(const AdminServices& services, const AdminRequest& request) {
    JsonArguments arguments(request.request.body, {"level"});
    const std::optional<std::size_t> level = arguments.choice("level", {"debug", "info", "warn", "error"});
    if (std::optional<proxy::LocalResponse> refusal = arguments.refusal()) co_return std::move(*refusal);
    if (!level) co_return json_error(400, "body_invalid", "'level' is missing", "send {\"level\": \"debug\"}, or info, warn, error");
    services.log.set_least(static_cast<LogLevel>(*level));
    constexpr std::array<std::string_view, 4> names{"debug", "info", "warn", "error"};
    telemetry::JsonWriter out;
    out.begin_object();
    out.member("level", names[*level]);
    out.end_object();
    co_return json_answer(200, out.take());
}

AdminAnswer explain(const AdminServices& services, const AdminRequest& request) {
    Result<std::string> document = answer_explain(*services.snapshot(), request.request.body, Clock::now());
    if (!document) {
        co_return json_error(400, "body_invalid", document.error().context(),
                             "send {\"method\": \"GET\", \"url\": \"https://host/path\", \"headers\": [[\"name\", \"value\"]]}");
    }
    co_return json_answer(200, std::move(*document));
}

}  // namespace sluice::app
