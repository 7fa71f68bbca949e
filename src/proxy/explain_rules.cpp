// What a cluster's settings mean for a request, in words.

#include "config/quantity.hpp"
#include "config/status_range.hpp"
#include "proxy/explain_parts.hpp"

namespace sluice::proxy {
namespace {

using Lines = std::vector<std::string>;

std::string percent(std::uint32_t number) { return std::to_string(number) + " %"; }

void add_retry(const config::Retry& retry, const http::RequestHead& head, Lines& lines) {
    if (retry.attempts <= 1) {
        lines.push_back("never retried");
        return;
    }
    const bool is_repeatable = http::is_idempotent(head.method) || retry.non_idempotent;
    std::string line = std::to_string(retry.attempts) + " tries in all: after a failed connect";
    if (is_repeatable) {
        line += ", after a connection that broke before the response's head";
        for (const config::StatusRange& status : retry.statuses) {
            line += (&status == retry.statuses.data() ? ", after status " : ", ") + config::format_range(status);
        }
        if (head.framing.kind != http::BodyKind::None) {
            line += ", with a body of at most " + config::format_size(retry.body_bytes);
        }
    } else {
        line += "; " + std::string(head.method_name) + " is not repeated once it was sent";
    }
    lines.push_back(line);
    lines.push_back("retries at most " + percent(retry.budget_percent) + " of the requests, but " +
                    std::to_string(retry.budget_per_second) + " a second and worker in any case");
    if (retry.try_timeout.count() > 0) lines.push_back("each try has " + config::format_duration(retry.try_timeout));
    const bool is_hedged = head.method == http::Method::Get && head.framing.kind == http::BodyKind::None;
    if (retry.hedge_after.count() > 0 && is_hedged) {
        lines.push_back("sent to a second endpoint as well when there is no head after " + config::format_duration(retry.hedge_after));
    }
}

void add_pool(const config::Pool& pool, Lines& lines) {
    if (pool.max_connections == 0) return;
    lines.push_back("at most " + std::to_string(pool.max_connections) + " connections to an endpoint; " + std::to_string(pool.queue) +
                    " requests wait per worker, each for " + config::format_duration(pool.queue_timeout) + ", then 503");
}

void add_ejection(const config::Ejection& ejection, Lines& lines) {
    std::string line;
    if (ejection.connect_failures != 0) line = std::to_string(ejection.connect_failures) + " failed connects";
    if (ejection.server_errors != 0) line += (line.empty() ? "" : " or ") + std::to_string(ejection.server_errors) + " server errors";
    if (line.empty()) return;
    lines.push_back(line + " in a row take an endpoint out for " + config::format_duration(ejection.time) + " and more");
}

void add_breaker(const config::Breaker& breaker, Lines& lines) {
    std::string line;
    const auto add = [&](std::string part) { line += (line.empty() ? "" : ", ") + part; };
    if (breaker.consecutive_failures != 0) add(std::to_string(breaker.consecutive_failures) + " failures in a row");
    const std::string window = " of at least " + std::to_string(breaker.min_requests) + " requests in " + config::format_duration(breaker.window);
    if (breaker.error_percent != 0) add(percent(breaker.error_percent) + " failures" + window);
    if (breaker.slow_percent != 0) {
        add(percent(breaker.slow_percent) + " slower than " + config::format_duration(breaker.slow_after) + window);
    }
    if (!line.empty()) lines.push_back("the breaker opens for " + config::format_duration(breaker.open_time) + " at " + line);
    if (breaker.max_requests != 0) lines.push_back("at most " + std::to_string(breaker.max_requests) + " requests under way, then the fallback");
    if (breaker.fallback) lines.push_back("the fallback is " + std::to_string(breaker.fallback->status));
}

}  // namespace

Lines cluster_rules(const config::Cluster& cluster, const http::RequestHead& head) {
    Lines lines;
    lines.push_back("connects within " + config::format_duration(cluster.connect_timeout) + "; a body may pause for " +
                    config::format_duration(cluster.read_timeout));
    add_retry(cluster.retry, head, lines);
    add_pool(cluster.pool, lines);
    add_ejection(cluster.ejection, lines);
    if (cluster.breaker) add_breaker(*cluster.breaker, lines);
    return lines;
}

}  // namespace sluice::proxy
