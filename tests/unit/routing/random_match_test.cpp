#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "route_examples.hpp"
#include "routing/route_table.hpp"

using namespace sluice;
using namespace sluice::routing;
using namespace sluice::routing::examples;

namespace {

std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> segments;
    std::size_t position = 1;
    while (position <= path.size()) {
        const std::size_t end = std::min(path.find('/', position), path.size());
        segments.push_back(path.substr(position, end - position));
        position = end + 1;
    }
    return segments;
}

/// What a route means for a request, by going through all of them: the reading that the table must
/// agree with.
class Reference {
public:
    explicit Reference(const std::vector<config::Route>& routes) : routes_(routes) {}

    /// As Table::ask writes it, with the parameters.
    std::string ask(const std::string& method, const std::string& host,
                    const std::string& path) const {
        const config::Route* best = nullptr;
        std::string best_rank;
        std::set<std::string> allowed;
        for (const config::Route& route : routes_) {
            const std::string rank = host_rank(route, host) + path_rank(route, path);
            if (rank.find('!') != std::string::npos) continue;
            allowed.insert(route.match.methods.begin(), route.match.methods.end());
            const std::string full = rank + method_rank(route, method);
            if (full.find('!') != std::string::npos) continue;
            if (best == nullptr || full < best_rank) {
                best = &route;
                best_rank = full;
            }
        }
        if (best != nullptr) return best->name + " " + params(*best, path);
        if (allowed.empty()) return "404 ";
        if (allowed.contains("GET")) allowed.insert("HEAD");
        return "405 " + allow_text(allowed);
    }

private:
    // Ranks are strings that sort the better first; '!' is no match.
    static std::string host_rank(const config::Route& route, const std::string& host) {
        const std::string& wanted = route.match.host;
        if (wanted.empty()) return "9";
        if (wanted == host) return "0";
        if (!wanted.starts_with("*.") || !host.ends_with(wanted.substr(1))) return "!";
        if (host.size() < wanted.size()) return "!";
        return std::string("1") + static_cast<char>('z' - wanted.size());
    }

    static std::string path_rank(const config::Route& route, const std::string& path) {
        const auto pattern = split(route.match.path);
        const auto segments = split(path);
        std::string rank;
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (pattern[i].starts_with('*')) return i < segments.size() ? rank + "c" : "!";
            if (i >= segments.size()) return "!";
            const bool is_parameter = pattern[i].starts_with(':');
            if (is_parameter ? segments[i].empty() : segments[i] != pattern[i]) return "!";
            rank += is_parameter ? 'b' : 'a';
        }
        return pattern.size() == segments.size() ? rank : "!";
    }

    static std::string method_rank(const config::Route& route, const std::string& method) {
        const auto& methods = route.match.methods;
        const auto has = [&](const std::string& name) {
            return std::ranges::find(methods, name) != methods.end();
        };
        if (methods.empty()) return "2";
        if (has(method)) return "0";
        return method == "HEAD" && has("GET") ? "1" : "!";
    }

    static std::string params(const config::Route& route, const std::string& path) {
        const auto pattern = split(route.match.path);
        const auto segments = split(path);
        std::string text;
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (!pattern[i].starts_with(':') && !pattern[i].starts_with('*')) continue;
            if (!text.empty()) text += " ";
            text += pattern[i].substr(1) + "=" + segments[i];
            if (!pattern[i].starts_with('*')) continue;
            for (std::size_t j = i + 1; j < segments.size(); ++j) text += "/" + segments[j];
        }
        return text;
    }

    static std::string allow_text(const std::set<std::string>& allowed) {
        std::string text;
        for (const char* name : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}) {
            if (!allowed.contains(name)) continue;
            text += (text.empty() ? "" : ", ") + std::string(name);
        }
        return text;
    }

    const std::vector<config::Route>& routes_;
};

class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    std::vector<config::Route> routes(std::size_t count) {
        std::vector<config::Route> made;
        std::set<std::string> taken;
        while (made.size() < count) {
            config::Route one = route(pattern(), methods(), pick(hosts_));
            std::string shape =
                one.match.host + one.match.path + (one.match.methods.empty() ? "any" : "");
            for (std::size_t i = 0; i + 1 < shape.size(); ++i) {
                if (shape[i] == '/' && shape[i + 1] == ':') shape.erase(i + 2, 2);
            }
            // On one shape only one route that names methods and one for any, so that none
            // conflict.
            if (taken.insert(shape).second) made.push_back(std::move(one));
        }
        return made;
    }

    std::string path() {
        std::string text;
        for (std::uint32_t i = random_.below(6) + 1; i > 0; --i) text += "/" + pick(segments_);
        if (random_.below(8) == 0) text += "/";
        return random_.below(30) == 0 ? "/" : text;
    }

    std::string host() { return pick(requested_hosts_); }
    std::string method() { return pick(method_names_); }

private:
    std::string pattern() {
        std::string text;
        const std::uint32_t depth = random_.below(5) + 1;
        for (std::uint32_t i = 0; i < depth; ++i) {
            text += random_.below(3) == 0 ? "/:p" + std::to_string(i) : "/" + pick(segments_);
        }
        if (random_.below(6) == 0) return text + "/*rest";
        if (random_.below(10) == 0) return text + "/";
        return random_.below(40) == 0 ? "/*rest" : text;
    }

    std::vector<std::string> methods() {
        std::set<std::string> some;
        for (std::uint32_t i = random_.below(3); i > 0; --i) some.insert(pick(method_names_));
        return {some.begin(), some.end()};
    }

    const std::string& pick(const std::vector<std::string>& from) {
        return from[random_.below(static_cast<std::uint32_t>(from.size()))];
    }

    Random random_;
    std::vector<std::string> segments_{"a",
                                       "b",
                                       "c",
                                       "orders",
                                       "customers",
                                       "customerz",
                                       "line-items-of-an-order",
                                       "line-items-of-no-order!",
                                       "12345678",
                                       "x.y"};
    std::vector<std::string> hosts_{"", "", "", "a.example", "*.example", "*.a.example"};
    std::vector<std::string> requested_hosts_{"", "a.example", "b.example", "c.a.example", "other"};
    std::vector<std::string> method_names_{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"};
};

void compare(std::uint64_t seed, std::size_t route_count, int paths) {
    Generator generator(seed);
    const Table table(generator.routes(route_count));
    const Reference reference(table.routes);
    for (int i = 0; i < paths; ++i) {
        const std::string path = generator.path();
        const std::string host = generator.host();
        const std::string method = generator.method();
        const auto answer =
            table.ask(RequestKey{http::method_of(method), method, host, path, "", nullptr});
        const bool found = answer.outcome == Outcome::Found;
        const std::string expected = reference.ask(method, host, path);
        const std::string got =
            found ? answer.text + " " + text_of(answer.match.params)
                  : answer.text + (answer.outcome == Outcome::NotFound ? " " : "");
        INFO("seed " << seed << ": " << method << " " << host << " " << path);
        REQUIRE(got == expected);
    }
}

}  // namespace

TEST_CASE("RouteTable agrees with a plain search on random routes and paths", "[routing]") {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) compare(seed, 1 + seed % 60, 300);
    for (std::uint64_t seed = 500; seed <= 505; ++seed) compare(seed, 900, 1500);
}
