#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/cluster.hpp"
#include "config/tls.hpp"
#include "config/values.hpp"

/// The configuration as a user writes it, parsed and validated: plain immutable values. Defaults stand
/// here and nowhere else; config/schema.cpp describes each for parsing and for the documentation.
namespace sluice::config {

struct Listener {
    std::string name;
    Address address;
    /// Connections that the kernel may keep waiting for us to accept them.
    std::uint32_t backlog = 1024;
    /// Without it clients speak plain HTTP.
    std::optional<ListenerTls> tls;
    /// Every request is sent to https on port 443 of the host that it asks for.
    bool redirect_to_https = false;
    Position position;
    bool operator==(const Listener&) const = default;
};

/// A header or query parameter that must be there, with this value when one is given.
struct Condition {
    std::string name;
    std::optional<std::string> value;
    bool operator==(const Condition&) const = default;
};

struct Match {
    /// "" for any; "api.example.com"; "*.example.com" for any name below it.
    std::string host;
    /// "/orders/:id", "/files/*rest".
    std::string path;
    /// Empty for any.
    std::vector<std::string> methods;
    std::vector<Condition> headers;
    std::vector<Condition> query;
    bool operator==(const Match&) const = default;
};

/// Edits of a message's headers, done in the order remove, set, add.
struct HeaderEdits {
    std::vector<std::string> remove;
    std::vector<HeaderValue> set;
    std::vector<HeaderValue> add;
    [[nodiscard]] bool empty() const { return remove.empty() && set.empty() && add.empty(); }
    bool operator==(const HeaderEdits&) const = default;
};

/// One of the clusters that share a route's requests.
struct Share {
    std::string cluster;
    std::uint32_t weight = 1;
    bool operator==(const Share&) const = default;
};

/// A copy of a request, whose response nobody waits for.
struct Mirror {
    std::string cluster;
    std::uint32_t percent = 100;
    bool operator==(const Mirror&) const = default;
};

struct Forward {
    std::string cluster;
    /// Instead of one cluster.
    std::vector<Share> split;
    std::optional<Mirror> mirror;
    /// Protocols that a client may change to: "websocket".
    std::vector<std::string> upgrade;
    /// After the change: how long both sides may be silent.
    milliseconds upgrade_idle = std::chrono::hours{1};
    /// From the complete request to the response head.
    milliseconds timeout = seconds{120};
    /// Calls of gRPC-Web go to the upstream as gRPC.
    bool grpc_web = false;
    /// "keep" sends the client's Host, "endpoint" the endpoint's address, anything else is sent as it is.
    std::string host = "keep";
    /// Taken off the front of the path before it is sent: "/api" makes /api/x to /x.
    std::string strip_prefix;
    /// Replaces the whole path; may use the route's parameters: "/v2/orders/:id".
    std::string rewrite;
    bool operator==(const Forward&) const = default;
};

struct Redirect {
    std::uint16_t status = 308;
    std::string location;
    bool operator==(const Redirect&) const = default;
};

struct Route {
    std::string name;
    Match match;
    std::variant<Forward, Respond, Redirect> action;
    HeaderEdits request_headers;
    HeaderEdits response_headers;
    /// 0 for no limit.
    std::uint64_t max_body_bytes = 0;
    /// Free key/value pairs for filters and logs.
    std::map<std::string, std::string> metadata;
    Position position;
    bool operator==(const Route&) const = default;
};

struct Limits {
    std::uint32_t headers = 100;
    std::uint32_t header_bytes = 32 * 1024;
    std::uint32_t request_line_bytes = 16 * 1024;
    milliseconds keepalive = seconds{65};
    milliseconds head_timeout = seconds{66};
    milliseconds body_idle = seconds{60};
    /// Bytes a second that a head or body must keep up, once the grace is over; 0 turns it off.
    std::uint32_t min_rate = 240;
    milliseconds min_rate_grace = seconds{5};
    milliseconds drain = seconds{30};
    std::uint32_t contexts = 1000;
    std::uint32_t connections = 16384;
    std::uint32_t connections_per_client = 0;
    std::uint32_t requests_per_connection = 0;
    std::uint32_t streams = 100;
    bool operator==(const Limits&) const = default;
};

struct Forwarding {
    /// Peers whose X-Forwarded-* and Forwarded headers are believed and extended; others' are replaced.
    std::vector<Network> trusted_proxies;
    bool x_forwarded = true;
    bool forwarded = false;
    /// The name in Via; empty sends no Via.
    std::string via = "sluice";
    std::string request_id_header = "X-Request-Id";
    bool operator==(const Forwarding&) const = default;
};

/// When a log file is put aside.
struct LogRotation {
    /// Bytes; 0 turns it off.
    std::uint64_t size = std::uint64_t{100} * 1024 * 1024;
    /// 0 turns it off.
    milliseconds age{0};
    /// Old files that are kept.
    std::uint32_t keep = 10;
    bool gzip = true;
    bool operator==(const LogRotation&) const = default;
};

struct LogSettings {
    enum class Level : std::uint8_t { Debug, Info, Warn, Error };
    enum class Format : std::uint8_t { Auto, Text, Json };
    Level level = Level::Info;
    Format format = Format::Auto;
    /// "stderr", or a file's path.
    std::string file = "stderr";
    /// "off", "stdout", or a file's path.
    std::string access = "off";
    /// Requests that take longer are kept for the admin page /v1/slow; 0 keeps none.
    milliseconds slow = seconds{1};
    /// Of both logs.
    LogRotation rotate;
    bool operator==(const LogSettings&) const = default;
};

/// When the configuration is read again by itself.
struct Reload {
    bool watch = false;
    milliseconds interval = seconds{1};
    bool operator==(const Reload&) const = default;
};

struct Admin {
    bool enabled = true;
    Address address{Address::Kind::Ipv4, "127.0.0.1", 9901};
    /// Must come with every change; empty for one that the gateway makes at each start.
    std::string token;
    /// Names by which it may be called, beside loopback's and its own address.
    std::vector<std::string> hosts;
    bool operator==(const Admin&) const = default;
};

struct Config {
    /// 0 is "auto": one per core.
    std::uint32_t workers = 0;
    /// Whom a process that root has started becomes; empty: it stays what it is.
    std::string user;
    std::vector<Listener> listeners;
    std::vector<Route> routes;
    std::vector<Cluster> clusters;
    Resolver resolver;
    Limits limits;
    Forwarding forwarding;
    LogSettings log;
    Admin admin;
    Reload reload;
    /// Names of the files of which it was put together, for Position::file.
    std::vector<std::string> files;
    /// What the files of TLS hold, by their paths. Private keys are among them: nothing may print it.
    std::map<std::string, std::string> tls_files;
};

}  // namespace sluice::config
