#include "app/explain_request.hpp"

#include <nlohmann/json.hpp>
#include <optional>

namespace sluice::app {
namespace {

using Json = nlohmann::ordered_json;

Failure refuse(std::string what) { return fail(client_error(ErrorCode::BadRequest, std::move(what))); }

/// False when it is there and no string.
bool read_text(const Json& body, const char* key, std::string& out) {
    const auto member = body.find(key);
    if (member == body.end()) return true;
    if (!member->is_string()) return false;
    out = member->get<std::string>();
    return true;
}

bool read_headers(const Json& body, std::vector<config::HeaderValue>& out) {
    const auto list = body.find("headers");
    if (list == body.end()) return true;
    if (!list->is_array()) return false;
    for (const Json& pair : *list) {
        if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) return false;
        out.push_back({pair[0].get<std::string>(), pair[1].get<std::string>()});
    }
    return true;
}

/// A key that nobody reads is a mistake.
std::optional<std::string> unknown_key(const Json& body) {
    for (const auto& [key, value] : body.items()) {
        if (key != "method" && key != "url" && key != "headers" && key != "client" && key != "format") return key;
    }
    return std::nullopt;
}

}  // namespace

Result<std::string> answer_explain(const proxy::Snapshot& snapshot, std::string_view body, TimePoint now) {
    Result<proxy::ExplainRequest> request = parse_explain_request(body);
    if (!request) return fail(std::move(request.error()));
    std::string format = "json";
    if (!read_text(Json::parse(body, nullptr, false), "format", format) || (format != "json" && format != "text")) {
        return refuse("'format' is \"json\" or \"text\"");
    }
    request->is_live = true;
    const Result<proxy::Explanation> explanation = proxy::explain(snapshot, *request, now);
    if (!explanation) return fail(explanation.error());
    if (format == "json") return proxy::explanation_json(*explanation);
    return Json{{"text", proxy::explanation_text(*explanation)}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<proxy::ExplainRequest> parse_explain_request(std::string_view json) {
    const Json body = Json::parse(json, nullptr, false);
    if (!body.is_object()) return refuse("the request is a JSON object with method, url, headers and client");
    if (const auto key = unknown_key(body)) return refuse("unknown key '" + *key + "': known are method, url, headers and client");
    proxy::ExplainRequest request;
    if (!read_text(body, "method", request.method)) return refuse("'method' is a string");
    if (!read_text(body, "url", request.url) || request.url.empty()) return refuse("'url' is a string that must be there");
    if (!read_text(body, "client", request.client)) return refuse("'client' is a string");
    if (!read_headers(body, request.headers)) return refuse("'headers' is a list of pairs: [[\"name\", \"value\"]]");
    return request;
}

std::string explain_request_json(const proxy::ExplainRequest& request, std::string_view format) {
    Json body{{"method", request.method}, {"url", request.url}, {"headers", Json::array()}, {"client", request.client}, {"format", format}};
    for (const config::HeaderValue& header : request.headers) body["headers"].push_back(Json::array({header.name, header.value}));
    return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::app
