#include <array>

#include "config/schema_binding.hpp"
#include "config/schema_objects.hpp"
#include "config/schema_units.hpp"

// The part of the schema table that describes clusters.
namespace sluice::config {
namespace {

using binding::bind;
using units::second;
using units::hour;
using units::day;
using units::mib;

constexpr std::array respond_keys{
    bind<&Respond::status>({.name = "status", .range = {200, 599}, .sentence = "The status code."}),
    bind<&Respond::body>({.name = "body", .range = {0, mib}, .sentence = "The body, as text."}),
    bind<&Respond::headers>(
        {.name = "headers", .sentence = "Headers of the answer, such as Content-Type."}),
};

constexpr std::array endpoint_keys{
    bind<&Endpoint::address>(
        {.name = "address",
         .sentence = "Where the upstream listens: \"10.0.0.5:8080\", \"orders.internal:8080\" or "
                     "\"unix:/run/orders.sock\". Every address of a name becomes an endpoint.",
         .default_note = "none"}),
    bind<&Endpoint::srv>({.name = "srv",
                          .range = {1, 255},
                          .sentence = "The name of SRV records that say hosts, ports, priorities and "
                                      "weights: \"_http._tcp.orders.internal\".",
                          .default_note = "none"}),
    bind<&Endpoint::weight>(
        {.name = "weight",
         .range = {1, 1000},
         .sentence = "Its share of the requests, in proportion to the others."}),
    bind<&Endpoint::priority>(
        {.name = "priority",
         .range = {0, 15},
         .sentence = "0 is used first; higher numbers are backups, used only while no endpoint of a "
                     "lower one can be."}),
    bind<&Endpoint::drain>(
        {.name = "drain",
         .sentence = "Takes no new clients; those whose cookie sticks to it stay."}),
};
constexpr std::array<std::string_view, 2> endpoint_places{"address", "srv"};
constexpr Object endpoint{"endpoint", "One address of an upstream.", endpoint_keys, endpoint_places};

constexpr std::array hash_keys{
    bind<&HashKey::by>({.name = "by",
                        .choices = "client header cookie query path",
                        .sentence = "What is hashed; a request without it is hashed by its client's "
                                    "address."}),
    bind<&HashKey::name>({.name = "name",
                          .range = {1, 128},
                          .sentence = "The name of the header, cookie or query parameter.",
                          .default_note = "none"}),
};
constexpr Object hash{"hash", "What keeps equal requests together.", hash_keys, {}};

constexpr std::array sticky_keys{
    bind<&Sticky::cookie>(
        {.name = "cookie", .range = {1, 128}, .sentence = "The name of the cookie."}),
    bind<&Sticky::secret>({.name = "secret",
                           .range = {16, 1024},
                           .sentence = "Signs the cookie, so that clients can't choose. Gateways that "
                                       "share clients need the same one.",
                           .default_note = "a new one at each start",
                           .secret = true}),
    bind<&Sticky::path>({.name = "path",
                         .range = {1, 1024},
                         .sentence = "The paths below which browsers send the cookie."}),
    bind<&Sticky::max_age>({.name = "max_age",
                            .range = {0, 365 * day},
                            .sentence = "How long a browser keeps it; 0 for its session."}),
    bind<&Sticky::secure>(
        {.name = "secure", .sentence = "Whether browsers send it over TLS only."}),
};
constexpr Object sticky{
    "sticky", "A signed cookie that leads a client back to its endpoint.", sticky_keys, {}};

constexpr std::array pool_keys{
    bind<&Pool::max_connections>(
        {.name = "max_connections",
         .range = {0, 1'000'000},
         .sentence = "Connections to one endpoint at a time, of the whole gateway; 0 for no limit."}),
    bind<&Pool::max_requests>({.name = "max_requests",
                               .range = {0, 1'000'000'000},
                               .sentence = "Requests after which a connection is closed; 0 for no limit."}),
    bind<&Pool::queue>({.name = "queue",
                        .range = {0, 1'000'000},
                        .sentence = "Requests that may wait for a connection, per endpoint and worker; "
                                    "more get 503."}),
    bind<&Pool::queue_timeout>({.name = "queue_timeout",
                                .range = {1, hour},
                                .sentence = "How long one may wait; then 503."}),
};
constexpr Object pool{"pool", "Limits of the connections to each endpoint.", pool_keys, {}};

constexpr std::array health_keys{
    bind<&HealthCheck::type>({.name = "type",
                              .choices = "http tcp grpc",
                              .sentence = "Whether a request is made in what the cluster's 'protocol' says, a connection "
                                          "only, or a call of gRPC's grpc.health.v1.Health/Check."}),
    bind<&HealthCheck::path>(
        {.name = "path", .range = {1, 4096}, .sentence = "The path that is asked for."}),
    bind<&HealthCheck::service>(
        {.name = "service",
         .range = {0, 1024},
         .sentence = "With \"type\": \"grpc\" the service that must be SERVING, such as \"shop.v1.Orders\"; empty "
                     "asks for the server as a whole."}),
    bind<&HealthCheck::host>({.name = "host",
                              .range = {1, 259},
                              .sentence = "The Host that is sent.",
                              .default_note = "the endpoint's address"}),
    bind<&HealthCheck::method>({.name = "method",
                                .range = {1, 16},
                                .sentence = "The method of the request: GET, HEAD or OPTIONS."}),
    bind<&HealthCheck::statuses>(
        {.name = "statuses", .range = {1, 100}, .sentence = "The statuses of a healthy endpoint."}),
    bind<&HealthCheck::body>(
        {.name = "body",
         .range = {0, 1024},
         .sentence = "Must stand in the first 64 KiB of the body; empty asks for nothing."}),
    bind<&HealthCheck::interval>(
        {.name = "interval", .range = {100, day}, .sentence = "From one check to the next."}),
    bind<&HealthCheck::timeout>({.name = "timeout",
                                 .range = {10, hour},
                                 .sentence = "A check that takes longer has failed; at most the interval.",
                                 .default_note = "`\"2s\"`, or the interval if that is shorter"}),
    bind<&HealthCheck::jitter_percent>(
        {.name = "jitter_percent",
         .range = {0, 50},
         .sentence = "Share of the interval by which each check is moved at random."}),
    bind<&HealthCheck::healthy>({.name = "healthy",
                                 .range = {1, 100},
                                 .sentence = "Checks in a row that bring an endpoint back."}),
    bind<&HealthCheck::unhealthy>({.name = "unhealthy",
                                   .range = {1, 100},
                                   .sentence = "Failed checks in a row that take it out."}),
};
constexpr Object health{
    "health check",
    "Asks every endpoint from time to time. The first check decides alone; until it is made an endpoint counts "
    "as healthy.",
    health_keys,
    {}};

constexpr std::array ejection_keys{
    bind<&Ejection::connect_failures>(
        {.name = "connect_failures",
         .range = {0, 1000},
         .sentence = "Failed connects in a row; 0 turns the rule off."}),
    bind<&Ejection::server_errors>(
        {.name = "server_errors",
         .range = {0, 1000},
         .sentence = "Responses of 500 and above in a row, with those that broke or came too late; 0 "
                     "turns the rule off."}),
    bind<&Ejection::time>({.name = "time",
                           .range = {100, day},
                           .sentence = "How long it is out the first time; each time after grows by as "
                                       "much."}),
    bind<&Ejection::max_time>(
        {.name = "max_time", .range = {100, day}, .sentence = "It is never out for longer."}),
    bind<&Ejection::max_percent>(
        {.name = "max_percent",
         .range = {0, 100},
         .sentence = "Of the cluster's endpoints that may be out at a time; one may be where there are "
                     "two or more, unless this is 0."}),
};
constexpr Object ejection{
    "ejection",
    "Takes an endpoint out of use when requests keep failing there. One that could not be reached is back sooner when "
    "it passes so many health checks as bring one back.",
    ejection_keys, {}};

constexpr std::array breaker_keys{
    bind<&Breaker::consecutive_failures>(
        {.name = "consecutive_failures",
         .range = {0, 100'000},
         .sentence = "Failures in a row that open it; 0 turns the rule off."}),
    bind<&Breaker::error_percent>({.name = "error_percent",
                                   .range = {0, 100},
                                   .sentence = "Share of failures that opens it; 0 turns the rule off."}),
    bind<&Breaker::slow_percent>({.name = "slow_percent",
                                  .range = {0, 100},
                                  .sentence = "Share of slow responses that opens it; 0 turns the rule off."}),
    bind<&Breaker::slow_after>({.name = "slow_after",
                                .range = {1, hour},
                                .sentence = "A response head that takes longer is slow."}),
    bind<&Breaker::window>({.name = "window",
                            .range = {1000, hour},
                            .sentence = "The time over which shares are taken."}),
    bind<&Breaker::min_requests>({.name = "min_requests",
                                  .range = {1, 1'000'000},
                                  .sentence = "With fewer requests in the window no share opens it."}),
    bind<&Breaker::open_time>({.name = "open_time",
                               .range = {10, day},
                               .sentence = "How long it stays open before requests try the cluster again."}),
    bind<&Breaker::probes>({.name = "probes",
                            .range = {1, 1000},
                            .sentence = "Requests that try it; when all succeed it closes, when one fails it "
                                        "opens again."}),
    bind<&Breaker::max_requests>({.name = "max_requests",
                                  .range = {0, 10'000'000},
                                  .sentence = "Requests under way at a time; more get the fallback. 0 for no "
                                              "limit."}),
    bind<&Breaker::fallback>({.name = "fallback",
                              .sentence = "What clients get instead.",
                              .default_note = "503 with Retry-After",
                              .object = &respond_object}),
};
constexpr Object breaker{
    "breaker",
    "Stops asking a cluster that fails as a whole. A failure is a response of 500 and above, or none.",
    breaker_keys,
    {}};

constexpr std::array retry_keys{
    bind<&Retry::attempts>({.name = "attempts",
                            .range = {1, 100},
                            .sentence = "Tries in all; 1 never retries."}),
    bind<&Retry::statuses>({.name = "statuses",
                            .range = {0, 100},
                            .sentence = "Statuses that are worth another try."}),
    bind<&Retry::non_idempotent>(
        {.name = "non_idempotent",
         .sentence = "Also repeats requests that may have been acted on, whatever their method; a failed "
                     "connect may always be repeated."}),
    bind<&Retry::body_bytes>({.name = "body_bytes",
                              .type = Type::Size,
                              .range = {0, 64 * 1024},
                              .sentence = "A longer request body is not kept for another try."}),
    bind<&Retry::backoff>({.name = "backoff",
                           .range = {0, hour},
                           .sentence = "Wait before the second retry; the first is made at once, further waits "
                                       "double. Each is moved at random."}),
    bind<&Retry::max_backoff>(
        {.name = "max_backoff", .range = {0, hour}, .sentence = "No wait is longer."}),
    bind<&Retry::try_timeout>({.name = "try_timeout",
                               .range = {0, day},
                               .sentence = "The longest time for one try, within the route's timeout; 0 for "
                                           "none of its own."}),
    bind<&Retry::budget_percent>(
        {.name = "budget_percent",
         .range = {0, 1000},
         .sentence = "Retries may be so much of the requests of the last ten seconds; those after a "
                     "failed connect, which add no load, do not count."}),
    bind<&Retry::budget_per_second>(
        {.name = "budget_per_second",
         .range = {0, 1'000'000},
         .sentence = "Retries a second that are allowed in any case, per worker."}),
    bind<&Retry::hedge_after>({.name = "hedge_after",
                               .range = {0, hour},
                               .sentence = "A GET without a response head by then is sent to another endpoint "
                                           "too, and the first answer counts; 0 turns it off."}),
};
constexpr Object retry{
    "retry",
    "When a request is tried again, at another endpoint where there is one: after a failed connect always, after "
    "a connection that broke before the response head or a listed status when it may be repeated.",
    retry_keys,
    {}};

constexpr std::array cluster_keys{
    bind<&Cluster::name>({.name = "name",
                          .range = {1, 128},
                          .sentence = "The name that routes use.",
                          .required = true}),
    bind<&Cluster::protocol>({.name = "protocol",
                              .choices = "http1 http2",
                              .sentence = "What the endpoints are spoken to in: HTTP/1.1, or HTTP/2, where the requests "
                                          "of all clients share few connections and gRPC has its trailers. HTTP/2 is "
                                          "agreed on by ALPN with 'tls', and known beforehand without."}),
    bind<&Cluster::balance>({.name = "balance",
                             .choices = "round_robin least_request random hash",
                             .sentence = "How an endpoint is chosen for a request: in turn, the less busy "
                                         "of two, at random, or by a hash of the request."}),
    bind<&Cluster::hash>({.name = "hash",
                          .sentence = "What \"balance\": \"hash\" goes by.",
                          .only_with = "balance",
                          .object = &hash}),
    bind<&Cluster::sticky>({.name = "sticky",
                            .sentence = "Keeps a client at its endpoint by a cookie.",
                            .default_note = "none",
                            .object = &sticky}),
    bind<&Cluster::endpoints>({.name = "endpoints",
                               .range = {1, 10000},
                               .sentence = "The addresses that share the requests.",
                               .required = true,
                               .object = &endpoint}),
    bind<&Cluster::slow_start>(
        {.name = "slow_start",
         .range = {0, hour},
         .sentence = "An endpoint that comes back gets its full share only after this; 0 at once."}),
    bind<&Cluster::panic_percent>(
        {.name = "panic_percent",
         .range = {0, 100},
         .sentence = "When less than this share of the endpoints is up, all are used, since the checks are "
                     "more likely wrong; 0 never does."}),
    bind<&Cluster::connect_timeout>(
        {.name = "connect_timeout",
         .range = {1, hour},
         .sentence = "How long a connection to an endpoint may take to open."}),
    bind<&Cluster::idle_timeout>(
        {.name = "idle_timeout",
         .range = {0, day},
         .sentence =
             "An idle upstream connection is closed after this; keep it below the upstream's own "
             "limit."}),
    bind<&Cluster::max_idle>(
        {.name = "max_idle",
         .range = {0, 65535},
         .sentence = "Idle connections kept per endpoint and worker; 0 keeps none."}),
    bind<&Cluster::read_timeout>(
        {.name = "read_timeout",
         .range = {1, day},
         .sentence = "The upstream may say nothing for so long while a body is under way."}),
    bind<&Cluster::pool>({.name = "pool",
                          .sentence = "Limits of the connections to each endpoint.",
                          .object = &pool}),
    bind<&Cluster::tls>({.name = "tls",
                         .sentence = "TLS with the upstream.",
                         .default_note = "plain HTTP",
                         .object = &cluster_tls_object}),
    bind<&Cluster::health_check>({.name = "health_check",
                                  .sentence = "Asks the endpoints whether they are well.",
                                  .default_note = "none",
                                  .object = &health}),
    bind<&Cluster::ejection>({.name = "ejection",
                              .sentence = "Takes out endpoints at which requests fail.",
                              .object = &ejection}),
    bind<&Cluster::breaker>({.name = "breaker",
                             .sentence = "Stops asking the cluster when it fails as a whole.",
                             .default_note = "none",
                             .object = &breaker}),
    bind<&Cluster::retry>(
        {.name = "retry", .sentence = "When a request is tried again.", .object = &retry}),
};

constexpr std::array resolver_keys{
    bind<&Resolver::servers>({.name = "servers",
                              .range = {0, 16},
                              .sentence = "DNS servers, as \"10.0.0.2:53\"; none takes the system's."}),
    bind<&Resolver::interval>(
        {.name = "interval",
         .range = {100, day},
         .sentence = "A name is looked up again after this, or when its records' TTL is over if that is "
                     "sooner."}),
    bind<&Resolver::min_interval>(
        {.name = "min_interval", .range = {100, day}, .sentence = "But not sooner than this."}),
    bind<&Resolver::timeout>({.name = "timeout",
                              .range = {10, hour},
                              .sentence = "How long one question may go unanswered."}),
    bind<&Resolver::tries>(
        {.name = "tries", .range = {1, 10}, .sentence = "How often each server is asked."}),
};

}  // namespace

constexpr Object respond_object{
    "respond", "An answer that the gateway gives by itself.", respond_keys, {}};
constexpr Object cluster_object{
    "cluster", "Upstream endpoints that serve the same.", cluster_keys, {}};
constexpr Object resolver_object{
    "resolver", "How names of upstreams are looked up.", resolver_keys, {}};

}  // namespace sluice::config
