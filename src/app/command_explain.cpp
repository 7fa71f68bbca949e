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
    if (!request) return nlohmann::json{{"error", request.error().context}}.dump();
    const Result<proxy::Explanation> explanation = proxy::explain(snapshot, *request, Clock::now());
    if (!explanation) return nlohmann::json{{"error", explanation.error().context}}.dump();
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
    const std::shared_ptr<const proxy::Snapshot> snapshot = load_snapshot(options.file);
    if (snapshot == nullptr) return ExitCode::ConfigInvalid;
    if (options.is_batch) return explain_lines(*snapshot);
    const Result<proxy::Explanation> explanation = proxy::explain(*snapshot, request, Clock::now());
    if (!explanation) return refuse(explanation.error().context);
    std::fputs(options.as_json ? proxy::explanation_json(*explanation).c_str() : proxy::explanation_text(*explanation).c_str(), stdout);
    return ExitCode::Ok;
}

}  // namespace sluice::app
