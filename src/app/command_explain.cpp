#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "app/commands.hpp"
#include "app/explain_request.hpp"
#include "app/load_config.hpp"
#include "base/text.hpp"
#include "config/embedded.hpp"
#include "config/parse.hpp"
#include "proxy/explain.hpp"

namespace sluice::app {
namespace {

std::shared_ptr<const proxy::Snapshot> load_snapshot(const std::optional<std::string>& file) {
    std::optional<config::Config> config;
    if (file) {
        if (auto read = load_config(*file)) config = std::move(read->config);
    } else if (auto embedded = config::parse(config::default_config(1), "embedded")) {
        config = std::move(*embedded);
    }
    if (!config) return nullptr;
    auto snapshot = proxy::Snapshot::build(std::move(*config));
    return snapshot ? *snapshot : nullptr;
}

std::string one_line(const std::string& document) {
    using Json = nlohmann::ordered_json;
    return Json::parse(document, nullptr, false).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A line for each request: its explanation, or what is wrong with it.
std::string explain_line(const proxy::Snapshot& snapshot, const std::string& line) {
    const Result<proxy::ExplainRequest> request = parse_explain_request(line);
    if (!request) return nlohmann::json{{"error", request.error().context()}}.dump();
    const Result<proxy::Explanation> explanation = proxy::explain(snapshot, *request, Clock::now());
    if (!explanation) return nlohmann::json{{"error", explanation.error().context()}}.dump();
    return one_line(proxy::explanation_json(*explanation));
}

ExitCode explain_lines(const proxy::Snapshot& snapshot) {
    std::string line;
    while (std::getline(std::cin, line)) {
        if (trim(line).empty()) continue;
        std::printf("%s\n", explain_line(snapshot, line).c_str());
    }
    return ExitCode::Ok;
}

/// "name: value" as a pair; false without a colon.
bool add_header(const std::string& text, std::vector<config::HeaderValue>& headers) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0) return false;
    headers.push_back({text.substr(0, colon), std::string(trim(std::string_view(text).substr(colon + 1)))});
    return true;
}

ExitCode refuse(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    return ExitCode::Usage;
}

ExitCode fail_with(const std::string& what) {
    std::fprintf(stderr, "sluice: %s\n", what.c_str());
    return ExitCode::Failed;
}

/// The text of {"text": "..."} or the message of {"error": {"message": "..."}}.
std::string text_in(const std::string& document, const char* pointer) {
    const nlohmann::json json = nlohmann::json::parse(document, nullptr, false);
    const nlohmann::json::json_pointer place(pointer);
    return !json.is_discarded() && json.contains(place) && json[place].is_string() ? json[place].get<std::string>() : std::string();
}

ExitCode ask_gateway(const ExplainOptions& options, const proxy::ExplainRequest& request) {
    if (options.is_batch) return refuse("--batch is for files: leave out --live");
    AdminOptions where = options.admin;
    where.config_file = options.file;
    const std::expected<AdminPlace, std::string> place = find_admin(where);
    if (!place) return fail_with(place.error());
    const std::string body = explain_request_json(request, options.as_json ? "json" : "text");
    const Result<AdminReply> reply = ask_admin(*place, "POST", "/v1/explain", body, std::chrono::seconds(where.seconds));
    if (!reply) return fail_with("no gateway answers at " + place->address.text() + ": " + describe(reply.error()));
    if (reply->status != 200) {
        const std::string message = text_in(reply->body, "/error/message");
        return fail_with(message.empty() ? "the gateway answered " + std::to_string(reply->status) : message);
    }
    std::fputs(options.as_json ? reply->body.c_str() : text_in(reply->body, "/text").c_str(), stdout);
    return ExitCode::Ok;
}

}  // namespace

ExitCode command_explain(const ExplainOptions& options) {
    if (options.is_batch == !options.words.empty()) return refuse("write METHOD and URL, or --batch and a JSON object on each line of the input");
    proxy::ExplainRequest request;
    request.client = options.client;
    if (options.words.size() == 2) request.method = options.words.front();
    if (!options.words.empty()) request.url = options.words.back();
    for (const std::string& header : options.headers) {
        if (!add_header(header, request.headers)) return refuse("a header is written -H 'name: value'");
    }
    if (options.is_live) return ask_gateway(options, request);
    const std::shared_ptr<const proxy::Snapshot> snapshot = load_snapshot(options.file);
    if (snapshot == nullptr) return ExitCode::ConfigInvalid;
    if (options.is_batch) return explain_lines(*snapshot);
    const Result<proxy::Explanation> explanation = proxy::explain(*snapshot, request, Clock::now());
    if (!explanation) return refuse(explanation.error().context());
    std::fputs(options.as_json ? proxy::explanation_json(*explanation).c_str() : proxy::explanation_text(*explanation).c_str(), stdout);
    return ExitCode::Ok;
}

}  // namespace sluice::app
