#include "app/admin.hpp"

#include <utility>

#include "app/admin_json.hpp"
#include "app/admin_pages.hpp"
#include "app/cluster_report.hpp"
#include "app/version.hpp"
#include "config/effective.hpp"
#include "platform/peer_user.hpp"
#include "platform/poller.hpp"
#include "platform/process_facts.hpp"

namespace sluice::app {
namespace {

constexpr std::size_t most_logged = 256;

/// They say nothing that anybody could use, and balancers ask for them by all kinds of names.
bool is_health_page(std::string_view path) { return path == "/healthz" || path == "/readyz"; }

AdminCall call_of(const proxy::LocalRequest& request) {
    return {request.peer.address,
            request.peer.is_unix,
            request.peer.user,
            request.head.authority,
            request.header("Origin"),
            request.header("Sec-Fetch-Site"),
            request.header("Authorization"),
            request.header("Content-Type"),
            request.head.framing.kind != http::BodyKind::None &&
                !(request.head.framing.kind == http::BodyKind::Length && request.head.framing.length == 0)};
}

std::string who(const AdminCall& call) {
    if (!call.is_unix) return std::string(call.address);
    return call.user ? "unix user " + std::to_string(*call.user) : "unix";
}

/// Of a target's path: never the query, into which somebody may put a token.
std::string what(const proxy::LocalRequest& request) {
    return std::string(request.head.method_name) + " " + std::string(request.head.path.substr(0, most_logged));
}

proxy::LocalResponse refusal_answer(const Refusal& refusal) {
    proxy::LocalResponse answer = json_error(refusal.status, refusal.code, refusal.message, refusal.help);
    if (refusal.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"sluice\"");
    if (refusal.retry_after.count() > 0) answer.headers.emplace_back("Retry-After", std::to_string(refusal.retry_after.count()));
    return answer;
}

proxy::LocalResponse not_served(const proxy::LocalRequest& request, const std::string& allow) {
    const bool is_api = request.head.path.starts_with("/v1/");
    if (allow.empty()) {
        if (is_api) return json_error(404, "path_unknown", "nothing is served under this path", "see GET /v1/openapi.json");
        return {404, plain_text, std::string("404 Not Found\n") + admin_index, {}};
    }
    if (!is_api) return {405, plain_text, "405 Method Not Allowed\nthis page only answers GET\n", {{"Allow", allow}}};
    proxy::LocalResponse answer = json_error(405, "method_not_allowed", "this path is not served with this method", "use " + allow);
    answer.headers.emplace_back("Allow", allow);
    return answer;
}

proxy::LocalResponse body_refusal(const proxy::LocalRequest& request) {
    proxy::LocalResponse answer = proxy::plain_error(*request.body_error);
    if (!request.head.path.starts_with("/v1/")) return answer;
    return json_error(answer.status, name_of(request.body_error->code), request.body_error->context(), "see GET /v1/openapi.json");
}

}  // namespace

Admin::Admin(const telemetry::MetricsRegistry& metrics, const InForce& in_force, std::string config, RequestReload reload,
             RequestUpgrade upgrade, const Log& log)
    : metrics_(metrics),
      in_force_(in_force),
      config_(std::move(config)),
      log_(log),
      token_(log),
      services_{log,
                [&in_force] { return in_force.snapshot(); },
                [this] { return metrics_page(); },
                [this] { return status_page(); },
                [this] { return draining_.load(std::memory_order_relaxed); },
                [&metrics] { return metrics.slow_requests(); },
                std::move(reload),
                std::move(upgrade),
                [&in_force] { return config::effective_json(in_force.snapshot()->config()); }},
      started_milliseconds_(wall_clock_milliseconds()) {}

void Admin::use(const config::Admin& settings, const platform::ListenAddress& address) {
    AdminAccess::Settings access;
    access.address = settings.address;
    access.hosts = settings.hosts;
    access.own_user = platform::own_user();
    access.token = settings.token;
    if (address.kind != platform::AddressFamily::Unix) {
        access.token = token_.use(settings.token, address.port);
    } else {
        token_.remove_file();  // Over a Unix-domain socket the system says who it is.
    }
    access_.set(std::move(access));
}

net::Task<proxy::LocalResponse> Admin::answer(const proxy::LocalRequest& request) {
    const AdminCall call = call_of(request);
    AdminMatch match = find_admin_operation(request.head.method, request.head.path);
    if (const std::optional<Refusal> refusal = refusal_of(call, match, request.head.path)) {
        log_refusal(call, request, refusal->status, refusal->code);
        co_return refusal_answer(*refusal);
    }
    if (request.body_error != nullptr) {
        proxy::LocalResponse answer = body_refusal(request);
        log_refusal(call, request, answer.status, name_of(request.body_error->code));
        co_return answer;
    }
    if (match.operation == nullptr) co_return not_served(request, match.allow);
    const AdminRequest asked{request, std::move(match.parameters)};
    proxy::LocalResponse answer = co_await match.operation->run(services_, asked);
    if (match.operation->is_change()) log_change(call, request, answer.status);
    co_return answer;
}

std::optional<Refusal> Admin::refusal_of(const AdminCall& call, const AdminMatch& match, std::string_view path) {
    std::optional<Refusal> refusal = access_.check_source(call);
    if (refusal && refusal->code == "host_unknown" && is_health_page(path)) refusal.reset();
    if (refusal || match.operation == nullptr || !match.operation->is_change()) return refusal;
    return access_.check_change(call, Clock::now());
}

void Admin::log_change(const AdminCall& call, const proxy::LocalRequest& request, std::uint16_t status) const {
    // What is posted may be a request with secrets of its own; what is put is a setting.
    const bool is_setting = request.head.method != http::Method::Post;
    log_.info("admin change", {{"client", who(call)},
                               {"what", what(request)},
                               {"body", is_setting ? request.body.substr(0, most_logged) : std::string_view{}},
                               {"status", std::to_string(status)}});
}

void Admin::log_refusal(const AdminCall& call, const proxy::LocalRequest& request, std::uint16_t status,
                        std::string_view reason) const {
    log_.warn("admin request refused", {{"client", who(call)},
                                        {"what", what(request)},
                                        {"status", std::to_string(status)},
                                        {"reason", reason}});
}

telemetry::ProcessNumbers Admin::process_numbers() const {
    const platform::ProcessFacts facts = platform::read_process_facts();
    return {version,
            platform::poller_name(),
            platform::pid(),
            facts.resident_bytes,
            facts.open_handles,
            facts.handle_limit,
            facts.cpu_seconds,
            static_cast<double>(started_milliseconds_) / 1000.0};
}

std::string Admin::metrics_page() const {
    const InForce::View view = in_force_.view();
    telemetry::MetricTotals totals = metrics_.collect();
    totals.tls = tls_totals(*view.snapshot);
    return telemetry::prometheus_text(totals, process_numbers()) +
           telemetry::prometheus_clusters(cluster_report(*view.snapshot, Clock::now())) +
           telemetry::prometheus_reloads(view.reload);
}

std::string Admin::status_page() const {
    const InForce::View view = in_force_.view();
    telemetry::StatusFacts facts;
    facts.process = process_numbers();
    facts.uptime_seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    facts.config = config_;
    facts.is_draining = draining_.load(std::memory_order_relaxed);
    facts.listeners = view.listeners;
    facts.clusters = cluster_report(*view.snapshot, Clock::now());
    facts.reload = view.reload;
    return telemetry::status_document(facts, metrics_.collect());
}

}  // namespace sluice::app
