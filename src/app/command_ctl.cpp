#include "app/command_ctl.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/admin_token.hpp"

namespace sluice::app {
namespace {

using Json = nlohmann::json;

/// For the steps of an upgrade after the new binary has started.
constexpr std::uint32_t upgrade_answer_seconds = 20;

/// What came of a request: the document of a good answer, or how the command ends.
struct Outcome {
    Json document;
    std::string text;
    ExitCode code = ExitCode::Ok;

    [[nodiscard]] bool is_good() const { return code == ExitCode::Ok; }
};

void complain(const std::string& line) { std::fprintf(stderr, "sluice: %s\n", line.c_str()); }

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

Outcome failed() { return {{}, {}, ExitCode::Failed}; }

std::string text_at(const Json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : std::string();
}

void say_lines(const Json& object, const char* key, const std::string& before) {
    if (!object.is_object() || !object.contains(key) || !object[key].is_array()) return;
    for (const Json& line : object[key]) {
        if (line.is_string()) say(before + line.get<std::string>());
    }
}

std::string percent_encoded(const std::string& text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              std::string_view("-._~:").find(c) != std::string_view::npos;
        const auto byte = static_cast<unsigned char>(c);
        out.append(is_plain ? std::string(1, c) : std::string{'%', digits[byte >> 4U], digits[byte & 15U]});
    }
    return out;
}

void complain_unreachable(const AdminPlace& place, const Error& error) {
    complain("no gateway answers at " + place.address.text() + ": " + describe(error));
    complain("is it running, and is that its admin.address? -c FILE or --admin ADDRESS says where it is");
}

Outcome refused(const AdminPlace& place, const AdminReply& reply, const Json& document) {
    const Json error = document.is_object() && document.contains("error") ? document["error"] : Json::object();
    const std::string message = text_at(error, "message");
    complain(message.empty() ? "the gateway answered " + std::to_string(reply.status) : message);
    if (reply.status == 401 && place.token.empty()) {
        complain("no admin token was found in " + admin_token_places(place.address.port));
        complain("run as the gateway's user, or give its token by --token-file or -c FILE");
    } else if (!text_at(error, "help").empty()) {
        complain(text_at(error, "help"));
    }
    return {document, reply.body, reply.status == 422 ? ExitCode::ConfigInvalid : ExitCode::Failed};
}

Outcome ask(const AdminOptions& options, std::string_view method, const std::string& target, std::string_view body = {}) {
    const auto place = find_admin(options);
    if (!place) {
        complain(place.error());
        return failed();
    }
    const Result<AdminReply> reply = ask_admin(*place, method, target, body, std::chrono::seconds{options.seconds});
    if (!reply) {
        complain_unreachable(*place, reply.error());
        return failed();
    }
    Json document = Json::parse(reply->body, nullptr, false);
    if (reply->status != 200) return refused(*place, *reply, document);
    if (document.is_discarded()) {
        complain("what answers at " + place->address.text() + " is no gateway");
        return failed();
    }
    return {std::move(document), reply->body};
}

std::string milliseconds_at(const Json& micros, const char* stage) {
    if (!micros.contains(stage) || !micros[stage].is_number()) return "-";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", micros[stage].get<double>() / 1000);
    return text.data();
}

std::string slow_line(const Json& request) {
    const Json micros = request.value("micros", Json::object());
    std::string line = text_at(request, "time") + "  " + milliseconds_at(micros, "total") + " ms";
    line += "  " + std::to_string(request.value("status", 0)) + " " + text_at(request, "method") + " " + text_at(request, "host") +
            text_at(request, "path");
    for (const char* const name : {"route", "cluster", "endpoint", "request_id"}) {
        if (!text_at(request, name).empty()) line += std::string("  ") + name + "=" + text_at(request, name);
    }
    line += "  (ms";
    for (const char* const stage : {"head", "route", "connect", "response", "body"}) {
        line += std::string(" ") + stage + " " + milliseconds_at(micros, stage);
    }
    return line + ")";
}

std::string endpoint_line(const Json& endpoint) {
    std::string line = text_at(endpoint, "address") + ": weight " + std::to_string(endpoint.value("weight", 0));
    if (endpoint.value("draining", false)) line += ", draining";
    const Json overrides = endpoint.value("overrides", Json::object());
    if (overrides.empty()) return line + "; as the configuration and the checks say";
    line += "; set by hand:";
    for (const auto& [name, value] : overrides.items()) {
        line.append(" ").append(name).append(" ").append(value.is_string() ? value.get<std::string>() : value.dump());
    }
    return line;
}

}  // namespace

ExitCode ctl_reload(const AdminOptions& options, bool is_dry_run) {
    const Outcome outcome = ask(options, "POST", "/v1/reload", is_dry_run ? R"({"dry_run":true})" : R"({"dry_run":false})");
    if (!outcome.is_good()) {
        if (outcome.code != ExitCode::ConfigInvalid) return outcome.code;
        for (const Json& problem : outcome.document["error"].value("problems", Json::array())) {
            if (problem.is_string()) std::fprintf(stderr, "%s\n", problem.get_ref<const std::string&>().c_str());
        }
        return outcome.code;
    }
    say_lines(outcome.document, "warnings", "warning: ");
    say_lines(outcome.document, "changes", "");
    const std::string generation = std::to_string(outcome.document.value("generation", 0));
    say(is_dry_run ? "would be accepted; configuration " + generation + " stays in force" : "reloaded: configuration " + generation + " is in force");
    return ExitCode::Ok;
}

ExitCode ctl_upgrade(const AdminOptions& options, const std::string& binary, std::uint32_t limit_seconds) {
    Json body{{"limit_ms", limit_seconds * 1000}};
    if (!binary.empty()) {
        std::error_code error;
        body["binary"] = std::filesystem::absolute(binary, error).string();
    }
    AdminOptions patient = options;
    patient.seconds = std::max(options.seconds, limit_seconds + upgrade_answer_seconds);
    const Outcome outcome = ask(patient, "POST", "/v1/upgrade", body.dump());
    if (outcome.is_good()) {
        say("upgraded: process " + std::to_string(outcome.document.value("pid", std::uint64_t{0})) + " serves");
        return ExitCode::Ok;
    }
    if (outcome.document.is_object() && outcome.document.contains("error")) {
        for (const Json& line : outcome.document["error"].value("problems", Json::array())) {
            if (line.is_string()) complain(line.get<std::string>());
        }
    }
    return ExitCode::Failed;
}

ExitCode ctl_endpoint(const AdminOptions& options, const std::string& cluster, const std::string& endpoint, std::string_view body) {
    const std::string target = "/v1/clusters/" + percent_encoded(cluster) + "/endpoints/" + percent_encoded(endpoint);
    const Outcome outcome = ask(options, "PATCH", target, body);
    if (outcome.is_good()) {
        for (const Json& one : outcome.document.value("endpoints", Json::array())) say(endpoint_line(one));
    }
    return outcome.code;
}

ExitCode ctl_breaker(const AdminOptions& options, const std::string& cluster, const std::string& state) {
    const Outcome outcome = ask(options, "PUT", "/v1/clusters/" + percent_encoded(cluster) + "/breaker", R"({"state":")" + state + "\"}");
    if (outcome.is_good()) say("breaker of " + cluster + ": " + (state == "auto" ? "decides by itself" : "held " + state));
    return outcome.code;
}

ExitCode ctl_log_level(const AdminOptions& options, const std::string& level) {
    const Outcome outcome = ask(options, "PUT", "/v1/log/level", R"({"level":")" + level + "\"}");
    if (outcome.is_good()) say("log level: " + level);
    return outcome.code;
}

ExitCode ctl_slow(const AdminOptions& options, std::uint32_t limit, bool wants_json) {
    const Outcome outcome = ask(options, "GET", "/v1/slow?limit=" + std::to_string(limit));
    if (!outcome.is_good()) return outcome.code;
    if (wants_json) {
        std::printf("%s", outcome.text.c_str());
        return outcome.code;
    }
    const Json requests = outcome.document.value("requests", Json::array());
    if (requests.empty()) say("no request took longer than log.slow");
    for (const Json& request : requests) say(slow_line(request));
    return outcome.code;
}

ExitCode ctl_status(const AdminOptions& options) {
    const Outcome outcome = ask(options, "GET", "/status");
    if (outcome.is_good()) std::printf("%s", outcome.text.c_str());
    return outcome.code;
}

}  // namespace sluice::app
