#pragma once

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/model.hpp"
#include "http/message.hpp"
#include "routing/route_table.hpp"

/// Short ways to write routes and requests in tests.
namespace sluice::routing::examples {

inline config::Route route(std::string path, std::vector<std::string> methods = {},
                           std::string host = "") {
    config::Route made;
    made.name = (methods.empty() ? "any" : methods.front()) + " " + host + path;
    made.match.path = std::move(path);
    made.match.methods = std::move(methods);
    made.match.host = std::move(host);
    made.action = config::Respond{};
    return made;
}

inline config::Route with_header(config::Route made, std::string name,
                                 std::optional<std::string> value = {}) {
    made.name += " if " + name + "=" + value.value_or("*");
    made.match.headers.push_back({std::move(name), std::move(value)});
    return made;
}

inline config::Route with_query(config::Route made, std::string name,
                                std::optional<std::string> value = {}) {
    made.name += " if ?" + name + "=" + value.value_or("*");
    made.match.query.push_back({std::move(name), std::move(value)});
    return made;
}

/// Routes with the table over them.
struct Table {
    explicit Table(std::vector<config::Route> list) : routes(std::move(list)), table(build()) {}

    struct Answer {
        Outcome outcome = Outcome::NotFound;
        Match match;
        /// The name of the route that was found; "405 " and the Allow value; "404".
        std::string text;
    };

    [[nodiscard]] Answer ask(const RequestKey& key) const {
        Answer answer;
        answer.outcome = table.match(key, answer.match);
        if (answer.outcome == Outcome::Found) answer.text = answer.match.route->name;
        if (answer.outcome == Outcome::NotFound) answer.text = "404";
        if (answer.outcome == Outcome::MethodNotAllowed)
            answer.text = "405 " + std::string(answer.match.allow);
        return answer;
    }

    [[nodiscard]] std::string ask(std::string_view method, std::string_view path,
                                  std::string_view host = "", std::string_view query = "",
                                  const http::Fields* fields = nullptr) const {
        return ask(RequestKey{http::method_of(method), method, host, path, query, fields}).text;
    }

    [[nodiscard]] RouteTable build() const {
        auto built = RouteTable::build(routes);
        if (built) return std::move(*built);
        std::string text;
        for (const Conflict& conflict : built.error()) text += describe(conflict) + "\n";
        FAIL(text);
        return std::move(*RouteTable::build({}));
    }

    std::vector<config::Route> routes;
    RouteTable table;
};

inline http::Field field(std::string_view name, std::string_view value) {
    return {name, value, http::field_id(name)};
}

/// "name=value name=value" of a match's parameters.
inline std::string text_of(const Params& params) {
    std::string text;
    for (std::size_t i = 0; i < params.size(); ++i) {
        if (i != 0) text += " ";
        text.append(params[i].name).append("=").append(params[i].value);
    }
    return text;
}

}  // namespace sluice::routing::examples
