#include "config/schema.hpp"

#include <array>

#include "config/schema_binding.hpp"
#include "config/schema_objects.hpp"
#include "config/schema_units.hpp"

// The table. Objects stand before those that hold them; `configuration_page` turns the order
// around.
namespace sluice::config {
namespace {

using binding::bind;
using units::second;
using units::hour;
using units::day;
using units::mib;

constexpr std::array listener_keys{
    bind<&Listener::name>({.name = "name",
                           .range = {1, 128},
                           .sentence = "The name in logs and metrics.",
                           .default_note = "the address"}),
    bind<&Listener::address>(
        {.name = "address",
         .sentence =
             "Where clients connect: \"127.0.0.1:8080\", \"0.0.0.0:80\" for every IPv4 interface, "
             "\"[::]:80\" for every interface, or \"unix:/run/sluice.sock\".",
         .required = true}),
    bind<&Listener::backlog>(
        {.name = "backlog",
         .range = {1, 65535},
         .sentence = "Connections that the system may keep waiting until they are accepted."}),
    bind<&Listener::tls>({.name = "tls",
                          .sentence = "TLS with clients.",
                          .default_note = "plain HTTP",
                          .object = &listener_tls_object}),
    bind<&Listener::redirect_to_https>(
        {.name = "redirect_to_https",
         .sentence = "Whether every request is answered with 308 to the same place by https, before any route is looked for."}),
};
constexpr Object listener{"listener", "An address on which clients are served.", listener_keys, {}};

constexpr std::array match_keys{
    bind<&Match::host>({.name = "host",
                        .range = {0, 255},
                        .sentence =
                            "The host that the request must name, without its port: "
                            "\"api.example.com\", or \"*.example.com\" for every name below it; "
                            "empty for any."}),
    bind<&Match::path>({.name = "path",
                        .range = {1, 4096},
                        .sentence = "The path: \"/orders\" exactly, \"/orders/:id\" with a "
                                    "parameter, \"/files/*rest\" with "
                                    "everything below.",
                        .required = true}),
    bind<&Match::methods>({.name = "methods",
                           .range = {0, 64},
                           .sentence = "The methods that match, in capitals; any when empty."}),
    bind<&Match::headers>({.name = "headers",
                           .sentence = "Headers that must be there: with the given value, or with "
                                       "any value when it is true."}),
    bind<&Match::query>({.name = "query",
                         .sentence =
                             "Query parameters that must be there: with the given value, or with "
                             "any value when it is true."}),
};
constexpr Object match{
    "match", "What a request must be like for the route to take it.", match_keys, {}};

constexpr std::array redirect_keys{
    bind<&Redirect::status>(
        {.name = "status",
         .type = Type::Choice,
         .choices = "301 302 303 307 308",
         .sentence = "The status code; 307 and 308 make clients keep the method."}),
    bind<&Redirect::location>({.name = "location",
                               .range = {1, 8192},
                               .sentence = "Where the client is sent: a path or a whole URL. {host} is the host that it asked for, without "
                                           "its port, {path} its path and query: \"https://{host}{path}\".",
                               .required = true}),
};
constexpr Object redirect{"redirect", "A redirection to another place.", redirect_keys, {}};

constexpr std::array share_keys{
    bind<&Share::cluster>({.name = "cluster",
                           .range = {1, 128},
                           .sentence = "The cluster.",
                           .required = true}),
    bind<&Share::weight>({.name = "weight",
                          .range = {0, 1'000'000},
                          .sentence = "Its share of the requests, in proportion to the others."}),
};
constexpr Object share{"split", "One of the clusters that share a route's requests.", share_keys, {}};

constexpr std::array mirror_keys{
    bind<&Mirror::cluster>({.name = "cluster",
                            .range = {1, 128},
                            .sentence = "The cluster that gets the copies.",
                            .required = true}),
    bind<&Mirror::percent>({.name = "percent",
                            .range = {0, 100},
                            .sentence = "How many of a hundred requests are copied."}),
};
constexpr Object mirror{
    "mirror",
    "Copies of requests for another cluster. Nobody waits for their responses; requests with a body that "
    "has not arrived whole with its head are not copied, nor more at a time than 100 per worker.",
    mirror_keys,
    {}};

constexpr std::array edit_keys{
    bind<&HeaderEdits::remove>({.name = "remove",
                                .range = {0, 1000},
                                .sentence = "Names of headers that are taken away first."}),
    bind<&HeaderEdits::set>(
        {.name = "set", .sentence = "Headers that replace all of the same name."}),
    bind<&HeaderEdits::add>(
        {.name = "add", .sentence = "Headers that are added to those of the same name."}),
};
constexpr Object edits{
    "header edits",
    "Changes to the headers of a message, made in this order. Headers of the connection "
    "and of framing (Connection, Content-Length, Keep-Alive, Proxy-Connection, TE, "
    "Trailer, Transfer-Encoding, Upgrade) are the gateway's own; the Host that an "
    "upstream sees is the route's key `host`.",
    edit_keys,
    {}};

constexpr std::array route_keys{
    bind<&RouteDraft::route, &Route::name>({.name = "name",
                                            .range = {1, 128},
                                            .sentence = "The name in logs and metrics.",
                                            .default_note = "host and path of its match"}),
    bind<&RouteDraft::route, &Route::match>({.name = "match",
                                             .sentence = "What a request must be like.",
                                             .required = true,
                                             .object = &match}),
    bind<&RouteDraft::forward, &Forward::cluster>(
        {.name = "cluster",
         .range = {1, 128},
         .sentence = "The cluster that the request is proxied to.",
         .default_note = "none"}),
    bind<&RouteDraft::forward, &Forward::split>(
        {.name = "split",
         .range = {1, 100},
         .sentence = "Clusters that share the requests by weight, instead of one.",
         .default_note = "none",
         .object = &share}),
    bind<&RouteDraft::forward, &Forward::mirror>(
        {.name = "mirror",
         .sentence = "A share of the requests is sent to this cluster as well.",
         .only_with = "cluster split",
         .default_note = "none",
         .object = &mirror}),
    bind<&RouteDraft::forward, &Forward::upgrade>(
        {.name = "upgrade",
         .range = {0, 16},
         .sentence = "Protocols that a client may change to, such as \"websocket\"; other wishes to "
                     "upgrade are not passed on.",
         .only_with = "cluster split"}),
    bind<&RouteDraft::forward, &Forward::upgrade_idle>(
        {.name = "upgrade_idle",
         .range = {1000, 30 * day},
         .sentence = "An upgraded connection on which neither side says anything is closed after this.",
         .only_with = "upgrade"}),
    bind<&RouteDraft::forward, &Forward::timeout>(
        {.name = "timeout",
         .range = {1, day},
         .sentence =
             "From the complete request to the head of the response; then the client gets 504.",
         .only_with = "cluster split"}),
    bind<&RouteDraft::forward, &Forward::grpc_web>(
        {.name = "grpc_web",
         .sentence = "Calls of gRPC-Web, from browsers, are translated to gRPC for a cluster with \"protocol\": \"http2\".",
         .only_with = "cluster split"}),
    bind<&RouteDraft::forward, &Forward::host>(
        {.name = "host",
         .range = {1, 259},
         .sentence =
             "The Host that the upstream sees: \"keep\" sends the client's, \"endpoint\" the "
             "endpoint's address, anything else is sent as it is.",
         .only_with = "cluster split"}),
    bind<&RouteDraft::forward, &Forward::strip_prefix>(
        {.name = "strip_prefix",
         .range = {0, 4096},
         .sentence =
             "Taken off the front of the path before it is sent: \"/api\" turns /api/x into /x.",
         .only_with = "cluster split"}),
    bind<&RouteDraft::forward, &Forward::rewrite>(
        {.name = "rewrite",
         .range = {0, 4096},
         .sentence =
             "Replaces the whole path; may use the parameters of the match: \"/v2/orders/:id\".",
         .only_with = "cluster split"}),
    bind<&RouteDraft::respond>({.name = "respond",
                                .sentence = "The gateway's own answer.",
                                .default_note = "none",
                                .object = &respond_object}),
    bind<&RouteDraft::redirect>({.name = "redirect",
                                 .sentence = "A redirection.",
                                 .default_note = "none",
                                 .object = &redirect}),
    bind<&RouteDraft::route, &Route::request_headers>(
        {.name = "request_headers",
         .sentence = "Changes to the headers that the upstream gets.",
         .only_with = "cluster split",
         .object = &edits}),
    bind<&RouteDraft::route, &Route::response_headers>(
        {.name = "response_headers",
         .sentence = "Changes to the headers that the client gets, from 'respond' and 'redirect' too.",
         .object = &edits}),
    bind<&RouteDraft::route, &Route::max_body_bytes>(
        {.name = "max_body_bytes",
         .type = Type::Size,
         .sentence = "The largest request body; a larger one gets 413. 0 for no limit."}),
    bind<&RouteDraft::route, &Route::metadata>(
        {.name = "metadata", .sentence = "Free names and values for filters and logs."}),
};
constexpr std::array<std::string_view, 4> route_actions{"cluster", "split", "respond", "redirect"};
constexpr Object route{
    "route",
    "What is done with the requests that match. The most specific match wins, whatever "
    "the order in the file.",
    route_keys, route_actions};

constexpr std::array limit_keys{
    bind<&Limits::headers>({.name = "headers",
                            .range = {1, 10000},
                            .sentence = "Headers in one message; more get 431."}),
    bind<&Limits::header_bytes>({.name = "header_bytes",
                                 .type = Type::Size,
                                 .range = {512, mib},
                                 .sentence = "Bytes of all headers together; more get 431."}),
    bind<&Limits::request_line_bytes>({.name = "request_line_bytes",
                                       .type = Type::Size,
                                       .range = {64, mib},
                                       .sentence = "Bytes of the request line; more get 414."}),
    bind<&Limits::keepalive>({.name = "keepalive",
                              .range = {1, day},
                              .sentence = "An idle client connection is closed after this."}),
    bind<&Limits::head_timeout>({.name = "head_timeout",
                                 .range = {1, hour},
                                 .sentence =
                                     "The longest time from the first byte of a request to the end "
                                     "of its head; then 408."}),
    bind<&Limits::body_idle>(
        {.name = "body_idle",
         .range = {1, day},
         .sentence = "The client may send nothing for so long within a body; then 408."}),
    bind<&Limits::min_rate>(
        {.name = "min_rate",
         .range = {0, 1024 * mib},
         .sentence = "Bytes a second that a head or body must keep up once the grace is "
                     "over; 0 turns it off."}),
    bind<&Limits::min_rate_grace>(
        {.name = "min_rate_grace",
         .range = {0, hour},
         .sentence = "How long a message may be slower than min_rate at first."}),
    bind<&Limits::drain>(
        {.name = "drain",
         .range = {0, day},
         .sentence = "How long running requests may take to finish when the gateway stops."}),
    bind<&Limits::contexts>({.name = "contexts",
                             .range = {1, 1'000'000},
                             .sentence =
                                 "Request contexts kept ready in the whole gateway; more are made "
                                 "when needed, and counted."}),
    bind<&Limits::connections>(
        {.name = "connections",
         .range = {1, 10'000'000},
         .sentence = "Client connections at a time; more are refused, and counted."}),
    bind<&Limits::connections_per_client>(
        {.name = "connections_per_client",
         .range = {0, 10'000'000},
         .sentence = "Client connections at a time from one address; 0 for no limit."}),
    bind<&Limits::requests_per_connection>(
        {.name = "requests_per_connection",
         .sentence = "Requests after which a client connection is closed; 0 for no limit."}),
    bind<&Limits::streams>(
        {.name = "streams",
         .range = {1, 10'000},
         .sentence = "Requests that a client may have under way at a time on one connection with HTTP/2."}),
};
constexpr Object limits{
    "limits", "What a client may ask for, and how long it may take.", limit_keys, {}};

constexpr std::array forwarding_keys{
    bind<&Forwarding::trusted_proxies>(
        {.name = "trusted_proxies",
         .range = {0, 10000},
         .sentence =
             "Peers whose X-Forwarded-* and Forwarded headers are believed and extended; those of "
             "others are replaced."}),
    bind<&Forwarding::x_forwarded>(
        {.name = "x_forwarded",
         .sentence =
             "Whether upstreams get X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host."}),
    bind<&Forwarding::forwarded>(
        {.name = "forwarded", .sentence = "Whether upstreams get Forwarded (RFC 7239)."}),
    bind<&Forwarding::via>({.name = "via",
                            .range = {0, 128},
                            .sentence = "The gateway's name in Via; empty sends no Via."}),
    bind<&Forwarding::request_id_header>(
        {.name = "request_id_header",
         .range = {0, 128},
         .sentence = "The header that carries the request's id; empty sends none."}),
};
constexpr Object forwarding{
    "forwarding", "What upstreams are told about the client.", forwarding_keys, {}};

/// Editors read it; the gateway does not.
constexpr Key schema_key{
    .name = "$schema",
    .range = {0, 4096},
    .sentence = "The place of `sluice.schema.json`, for editors; nothing else uses it.",
    .default_note = "none",
    .read =
        [](void*, const Key& self, const Node& node, Reader& reader) {
            std::string ignored;
            reader.read(self, node, ignored);
        },
    .write = [](const void*, const Key&) -> std::optional<Node> { return std::nullopt; },
    .default_text = [](const Key&) { return std::string{}; }};

/// Was read before the rest, of which it is a part; see assembly.hpp.
constexpr Key include_key{
    .name = "include",
    .type = Type::Texts,
    .range = {0, 1000},
    .sentence = "Files that are read as well, relative to this one: paths whose names may have `*` and `?`, such as "
                "\"conf.d/*.json\".",
    .default_note = "none",
    .read =
        [](void*, const Key& self, const Node& node, Reader& reader) {
            std::vector<std::string> ignored;
            reader.read(self, node, ignored);
        },
    .write = [](const void*, const Key&) -> std::optional<Node> { return std::nullopt; },
    .default_text = [](const Key&) { return std::string{}; }};

constexpr std::array root_keys{
    schema_key,
    include_key,
    bind<&Config::workers>({.name = "workers",
                            .type = Type::NumberOrAuto,
                            .range = {1, 1024},
                            .sentence = "Threads that serve; \"auto\" is one per core."}),
    bind<&Config::user>({.name = "user",
                         .range = {1, 256},
                         .sentence =
                             "Whom the gateway becomes when root has started it, before it opens anything (Linux, macOS). On "
                             "Linux it may listen on ports below 1024 all the same.",
                         .default_note = "stays who it is"}),
    bind<&Config::listeners>({.name = "listeners",
                              .range = {1, 1000},
                              .sentence = "The addresses on which clients are served.",
                              .required = true,
                              .object = &listener}),
    bind<&Config::routes>(
        {.name = "routes",
         .range = {0, 1'000'000},
         .sentence = "What is done with requests; those that no route takes get 404.",
         .object = &route}),
    bind<&Config::clusters>({.name = "clusters",
                             .range = {0, 100'000},
                             .sentence = "The upstreams.",
                             .object = &cluster_object}),
    bind<&Config::resolver>({.name = "resolver",
                             .sentence = "How names of upstreams are looked up.",
                             .object = &resolver_object}),
    bind<&Config::limits>(
        {.name = "limits", .sentence = "Limits of size and time.", .object = &limits}),
    bind<&Config::forwarding>({.name = "forwarding",
                               .sentence = "What upstreams are told about the client.",
                               .object = &forwarding}),
    bind<&Config::log>({.name = "log", .sentence = "Log and access log.", .object = &log_object}),
    bind<&Config::admin>({.name = "admin",
                          .sentence = "Health, metrics, status and changes for operators.",
                          .object = &admin_object}),
    bind<&Config::reload>({.name = "reload",
                           .sentence = "When the configuration is read again by itself.",
                           .object = &reload_object}),
};
constexpr Object root{"configuration", "The whole file.", root_keys, {}};

}  // namespace

const Object& root_object() {
    return root;
}

}  // namespace sluice::config
