#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/values.hpp"
#include "proxy/snapshot.hpp"

/// What the gateway would do with a request, found by the same functions that serve requests. `sluice explain` prints it, the
/// admin listener tells it of the snapshot in force.
namespace sluice::proxy {

struct ExplainRequest {
    std::string method = "GET";
    /// "https://api.example.com/orders/7?full", "/orders/7", or "*".
    std::string url;
    std::vector<config::HeaderValue> headers;
    /// The other end of the connection: an IP address, or "unix".
    std::string client = "127.0.0.1";
    /// The snapshot is the one that serves: states of breakers and endpoints mean something.
    bool is_live = false;
};

using NameAndValue = std::pair<std::string, std::string>;

struct PathExplanation {
    std::string sent;
    /// "" when it is refused.
    std::string normal;
    /// What was changed, in words; nothing when it came in its normal form.
    std::vector<std::string> steps;
};

struct ListenerExplanation {
    std::string name;
    std::string address;
    /// The URL's port is its own. Every listener serves every route.
    bool has_port = false;
};

struct RouteExplanation {
    std::string name;
    /// In the configuration; 0 when unknown.
    std::uint32_t line = 0;
    std::string match;
    /// Host, path, methods and conditions, a line each.
    std::vector<std::string> why;
    std::vector<NameAndValue> params;
};

/// A route that was not taken, though not much was missing.
struct OtherRoute {
    std::string name;
    std::string match;
    /// "condition", "method", "host", "less_specific" or "path".
    std::string reason;
    std::string why_not;
};

/// What the client gets; from the upstream when there is no status.
struct AnswerExplanation {
    std::optional<std::uint16_t> status;
    std::string words;
    std::vector<NameAndValue> fields;
};

struct FieldExplanation {
    std::string name;
    std::string value;
    /// "kept", "changed", "added" or "removed".
    std::string what;
    /// "client", "gateway" or "route".
    std::string by;
};

/// The head that the upstream gets, and what becomes of the response's.
struct UpstreamExplanation {
    std::string request_line;
    std::string path;
    std::string host;
    std::vector<FieldExplanation> fields;
    std::vector<std::string> response;
    /// What the connection may change to; "" for none.
    std::string protocol;
};

struct EndpointExplanation {
    std::string name;
    std::uint32_t weight = 1;
    std::uint32_t priority = 0;
    /// Of the cluster's requests without regard to hash and cookie, in percent; 0 for what is no candidate.
    double percent = 0;
    /// "up", "unchecked", "down", "ejected", "draining", "name" for one that is not looked up here.
    std::string state;
    /// When live.
    std::uint32_t connections = 0;
    std::uint32_t waiting = 0;
    std::string last_error;
};

struct ClusterExplanation {
    std::string name;
    /// Of the route's requests.
    double percent = 100;
    std::string balance;
    /// The one that would be chosen, where that is certain.
    std::optional<std::string> endpoint;
    /// How it is chosen.
    std::string choice;
    std::vector<EndpointExplanation> endpoints;
    /// "closed", "open" or "half_open"; "" without one.
    std::string breaker;
    /// Times, retries and limits, a line each.
    std::vector<std::string> rules;
};

struct MirrorExplanation {
    std::string cluster;
    std::uint32_t percent = 0;
    std::string words;
};

struct Explanation {
    std::string method;
    std::string url;
    std::string host;
    std::string client;
    bool is_trusted = false;
    bool is_live = false;
    std::vector<ListenerExplanation> listeners;
    PathExplanation path;
    std::optional<RouteExplanation> route;
    std::vector<OtherRoute> others;
    AnswerExplanation answer;
    std::vector<ClusterExplanation> clusters;
    std::optional<MirrorExplanation> mirror;
    std::optional<UpstreamExplanation> upstream;
    /// Of the route.
    std::vector<std::string> limits;
};

/// Threading: any thread; endpoints whose ejection is over come back by it, as by a request.
/// Failure:   what can't be a request at all: control characters, a client that is no address.
[[nodiscard]] Result<Explanation> explain(const Snapshot& snapshot, const ExplainRequest& request, TimePoint now);

/// For a terminal, bytes of clients made harmless.
[[nodiscard]] std::string explanation_text(const Explanation& explanation);

/// The document of POST /v1/explain and of `sluice explain --json`.
[[nodiscard]] std::string explanation_json(const Explanation& explanation);

}  // namespace sluice::proxy
