#include "app/admin_upgrade.hpp"

#include <filesystem>
#include <utility>

#include "app/admin_json.hpp"
#include "net/handover.hpp"
#include "telemetry/json_writer.hpp"

namespace sluice::app {
namespace {

constexpr std::uint32_t most_limit_milliseconds = 600'000;

/// Who names a program has it run as the gateway's user: that is for people who are on the machine.
bool is_on_this_machine(const proxy::LocalPeer& peer) {
    return peer.is_unix || peer.address == "::1" || peer.address.starts_with("127.");
}

std::vector<std::string> lines_of(const UpgradeOutcome& outcome) {
    std::vector<std::string> lines{outcome.problem};
    std::string_view rest = outcome.last_words;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (!line.empty()) lines.emplace_back(line);
    }
    return lines;
}

proxy::LocalResponse upgrade_answer(const UpgradeOutcome& outcome) {
    if (outcome.pid == 0) {
        return json_error(422, "upgrade_failed", "the new binary did not come up; this one goes on serving",
                          "mend what it says and upgrade again", lines_of(outcome));
    }
    telemetry::JsonWriter out;
    out.begin_object();
    out.member("pid", outcome.pid);
    out.end_object();
    return json_answer(200, out.take());
}

}  // namespace

net::Task<proxy::LocalResponse> upgrade(const AdminServices& services, const AdminRequest& request) {
    JsonArguments arguments(request.request.body, {"binary", "limit_ms"});
    UpgradeRequest wanted{"admin", arguments.text("binary").value_or("")};
    if (const auto limit = arguments.number("limit_ms", most_limit_milliseconds)) wanted.limit = std::chrono::milliseconds(*limit);
    if (std::optional<proxy::LocalResponse> refusal = arguments.refusal()) co_return std::move(*refusal);
    if (!wanted.binary.empty() && !is_on_this_machine(request.request.peer)) {
        co_return json_error(403, "binary_is_local", "a binary may be named only from the machine itself",
                             "run sluice upgrade there, or put the new binary in the place of the old one");
    }
    if (!wanted.binary.empty() && !std::filesystem::path(wanted.binary).is_absolute()) {
        co_return json_error(400, "body_invalid", "'binary' must be an absolute path", "see GET /v1/openapi.json");
    }
    if (!services.upgrade) {
        co_return json_error(501, "not_available", "an upgrade is not available in this gateway", "see GET /v1/openapi.json");
    }
    net::Handover<UpgradeOutcome> handover(request.request.worker);
    services.upgrade(std::move(wanted), [giver = handover.giver()](const UpgradeOutcome& outcome) { giver(outcome); });
    const std::optional<UpgradeOutcome> outcome = co_await handover.wait();
    if (!outcome) co_return json_error(503, "stopping", "the gateway is stopping", "start it again");
    co_return upgrade_answer(*outcome);
}

}  // namespace sluice::app
