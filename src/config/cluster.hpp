#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/tls.hpp"
#include "config/values.hpp"

/// A cluster and all that says how its endpoints are used, watched and spared. Part of the model; see model.hpp.
namespace sluice::config {

struct Endpoint {
    Address address;
    /// Instead of an address: the name of SRV records, such as "_http._tcp.orders.internal".
    std::string srv;
    std::uint32_t weight = 1;
    /// 0 is used first; higher ones only while no endpoint of a lower one can be.
    std::uint32_t priority = 0;
    /// Gets no new clients; those that stick to it stay.
    bool drain = false;
    bool operator==(const Endpoint&) const = default;
};

enum class Balance : std::uint8_t { RoundRobin, LeastRequest, Random, Hash };

/// What a request is hashed by, so that equal ones go to the same endpoint.
struct HashKey {
    enum class By : std::uint8_t { Client, Header, Cookie, Query, Path };
    By by = By::Client;
    /// Of the header, cookie or query parameter.
    std::string name;
    bool operator==(const HashKey&) const = default;
};

/// A cookie of the gateway's that leads a client back to the endpoint that it had.
struct Sticky {
    std::string cookie = "sluice";
    /// Signs the cookie. Gateways that share clients need the same one; empty makes one at each start.
    std::string secret;
    std::string path = "/";
    /// 0 lets the cookie end with the browser's session.
    milliseconds max_age{0};
    bool secure = false;
    bool operator==(const Sticky&) const = default;
};

/// Asks each endpoint from time to time whether it is well.
struct HealthCheck {
    enum class Type : std::uint8_t { Http, Tcp, Grpc };
    Type type = Type::Http;
    std::string path = "/";
    /// Of gRPC; empty asks for the server as a whole.
    std::string service;
    /// Empty sends the endpoint's address.
    std::string host;
    std::string method = "GET";
    std::vector<StatusRange> statuses{{200, 299}};
    /// Must stand in the first 64 KiB of the body; empty asks for none.
    std::string body;
    milliseconds interval = seconds{5};
    /// A file that leaves it out gets the interval where that is shorter.
    milliseconds timeout = seconds{2};
    /// Share of the interval by which each check is moved at random.
    std::uint32_t jitter_percent = 10;
    /// Checks in a row that must pass or fail to change the state.
    std::uint32_t healthy = 2;
    std::uint32_t unhealthy = 3;
    bool operator==(const HealthCheck&) const = default;
};

/// Takes an endpoint out of use for a while because of what requests met there.
struct Ejection {
    /// Failures in a row; 0 turns the rule off.
    std::uint32_t connect_failures = 3;
    /// Responses with a status of 500 and above, broken or late ones included.
    std::uint32_t server_errors = 0;
    /// The first time; every further one is longer by as much.
    milliseconds time = seconds{10};
    milliseconds max_time = std::chrono::minutes{5};
    /// Of the cluster's endpoints, but one may always be out where there are two.
    std::uint32_t max_percent = 50;
    bool operator==(const Ejection&) const = default;
};

/// Stops asking a cluster that fails as a whole.
struct Breaker {
    /// In a row; 0 turns the rule off.
    std::uint32_t consecutive_failures = 0;
    /// Of the requests within the window; 0 turns the rule off.
    std::uint32_t error_percent = 50;
    std::uint32_t slow_percent = 0;
    /// A response head that takes longer is slow.
    milliseconds slow_after = seconds{5};
    milliseconds window = seconds{10};
    /// Both shares count only when the window holds so many requests.
    std::uint32_t min_requests = 20;
    milliseconds open_time = seconds{5};
    /// Requests that are let through to try a cluster again; all must succeed.
    std::uint32_t probes = 3;
    /// Requests under way at a time; 0 for no limit.
    std::uint32_t max_requests = 0;
    /// What clients get while it is open; a plain 503 when left out.
    std::optional<Respond> fallback;
    bool operator==(const Breaker&) const = default;
};

struct Retry {
    /// Tries in all; 1 never retries.
    std::uint32_t attempts = 3;
    /// Statuses that are worth another try.
    std::vector<StatusRange> statuses;
    /// Also repeats requests whose method is not idempotent.
    bool non_idempotent = false;
    /// A longer request body is not kept for another try.
    std::uint32_t body_bytes = 64 * 1024;
    /// Before the second retry; doubled for each further one, and moved at random. The first is made at once.
    milliseconds backoff{25};
    milliseconds max_backoff = seconds{1};
    /// From the request's end to the response head, for one try; 0 for the route's timeout alone.
    milliseconds try_timeout{0};
    /// Retries of what was sent may be so much of the requests of the last ten seconds...
    std::uint32_t budget_percent = 20;
    /// ...and so many a second in any case.
    std::uint32_t budget_per_second = 3;
    /// A GET that has no response head by then is sent to a second endpoint as well; 0 never does.
    milliseconds hedge_after{0};
    bool operator==(const Retry&) const = default;
};

/// Connections of the whole gateway to one endpoint.
struct Pool {
    /// 0 for no limit.
    std::uint32_t max_connections = 0;
    /// After so many a connection is closed; 0 for no limit.
    std::uint32_t max_requests = 0;
    /// Requests that may wait for a connection, per worker and endpoint.
    std::uint32_t queue = 1024;
    milliseconds queue_timeout = seconds{1};
    bool operator==(const Pool&) const = default;
};

/// What is spoken with endpoints.
enum class Protocol : std::uint8_t { Http1, Http2 };

struct Cluster {
    std::string name;
    Protocol protocol = Protocol::Http1;
    Balance balance = Balance::RoundRobin;
    HashKey hash;
    std::optional<Sticky> sticky;
    std::vector<Endpoint> endpoints;
    /// An endpoint that comes back gets its full share only after this.
    milliseconds slow_start{0};
    /// When less of the endpoints is up, all are used; 0 never does.
    std::uint32_t panic_percent = 0;
    milliseconds connect_timeout = seconds{5};
    /// An idle upstream connection is closed after this; keep it below the upstream's own limit.
    milliseconds idle_timeout = seconds{50};
    /// Idle connections kept per endpoint and worker.
    std::uint32_t max_idle = 128;
    /// The connection may say nothing for so long while a body is under way.
    milliseconds read_timeout = seconds{60};
    Pool pool;
    /// Without it upstreams speak plain HTTP.
    std::optional<ClusterTls> tls;
    std::optional<HealthCheck> health_check;
    Ejection ejection;
    std::optional<Breaker> breaker;
    Retry retry;
    Position position;
    bool operator==(const Cluster&) const = default;
};

/// Whether two say the same, wherever they stand in their files.
[[nodiscard]] inline bool same_settings(Cluster a, Cluster b) {
    a.position = b.position;
    return a == b;
}

/// How names are looked up.
struct Resolver {
    /// "10.0.0.2:53"; empty takes the system's.
    std::vector<Address> servers;
    /// A name is looked up again after this, or after its TTL where that is longer than min_interval and shorter.
    milliseconds interval = seconds{30};
    milliseconds min_interval = seconds{1};
    milliseconds timeout = seconds{2};
    std::uint32_t tries = 3;
    bool operator==(const Resolver&) const = default;
};

}  // namespace sluice::config
