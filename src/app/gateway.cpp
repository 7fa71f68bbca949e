#include "app/gateway.hpp"

#include <cstdlib>
#include <string>
#include <utility>

#include "app/echo.hpp"
#include "app/gateway_parts.hpp"
#include "app/version.hpp"
#include "platform/poller.hpp"
#include "platform/process_facts.hpp"
#include "service/events.hpp"

namespace sluice::app {
namespace {

using std::chrono::milliseconds;

/// After the cut: for sessions to see it and end.
constexpr milliseconds unwind_time{3000};

/// Name of the embedded configuration's cluster that is served by the gateway itself.
constexpr std::string_view echo_cluster = "echo";

}  // namespace

Gateway::Parts::Parts(ConfigFile the_first, SourceRecord the_sources, std::optional<std::string> the_file,
                      platform::Program the_program, const LogSetup& the_log)
    : first(std::move(the_first)),
      sources(std::move(the_sources)),
      file(std::move(the_file)),
      program(std::move(the_program)),
      log(the_log.log),
      reopen_log(the_log.reopen),
      echo_handler(answer_echo),
      workforce({connection_limit, metrics, log, queue}),
      listeners(workforce, admin_handler, log),
      file_watch([this] { request_reload({"file", false}, [](const ReloadOutcome&) {}); }) {}

bool Gateway::Parts::started(std::string_view name, const Result<void>& result) const {
    if (result) return true;
    log.error("can't start", {{"name", name}, {"reason", describe(result.error())}});
    service::note_failure(std::string(name) + ": " + describe(result.error()));
    return false;
}

void Gateway::Parts::tell_why(const std::vector<std::string>& reasons) const {
    for (const std::string& line : reasons) {
        log.error("can't start", {{"reason", line}});
        service::note_failure(line);
    }
}

/// The embedded configuration's upstream is the gateway itself.
bool Gateway::Parts::open_echo() {
    const platform::ListenAddress any_port{platform::AddressFamily::Ipv4, "127.0.0.1", 0};
    auto opened = net::Listener::open(any_port, 128, {});
    if (!opened) return started(echo_cluster, fail(std::move(opened.error())));
    echo_listener = std::move(*opened);
    for (config::Cluster& cluster : first.config.clusters) {
        if (cluster.name == echo_cluster) cluster.endpoints.front().address.port = echo_listener->address().port;
    }
    return true;
}

bool Gateway::Parts::start_echo() {
    if (!started(echo_cluster, echo_listener->use(std::span(workforce.workers()).first(1)))) return false;
    return started(echo_cluster, echo_listener->start([this](net::Worker& worker, platform::Accepted accepted) {
        Workforce::state_of(worker).accept(std::move(accepted), 0, echo_handler);
    }));
}

/// What the system and the service manager can ask for.
platform::SignalHandlers Gateway::Parts::requests() {
    return {[this](int count, std::string_view name) { queue.request_stop(count, name); },
            [this](std::string_view name) { request_reload({std::string(name), false}, [](const ReloadOutcome&) {}); },
            [this](std::string_view name) { request_upgrade({std::string(name), {}}, [](const UpgradeOutcome&) {}); },
            [this](std::string_view name) { request_reopen(std::string(name)); }};
}

void Gateway::Parts::told(const Result<void>& result) const {
    if (!result) log.warn("the service manager can't be told", {{"reason", describe(result.error())}});
}

ExitCode Gateway::Parts::start() {
    platform::raise_descriptor_limit();
    admin = std::make_unique<Admin>(
        metrics, in_force, file.value_or("embedded"),
        [this](ReloadRequest request, std::function<void(const ReloadOutcome&)> done) {
            request_reload(std::move(request), std::move(done));
        },
        [this](UpgradeRequest request, std::function<void(const UpgradeOutcome&)> done) {
            request_upgrade(std::move(request), std::move(done));
        },
        log);
    admin_handler = [this](const proxy::LocalRequest& request) { return admin->answer(request); };
    upstreams = std::make_unique<UpstreamWatch>(log, random_seed());
    const Result<void> listening = signals.start(requests());
    lifecycle.listen(requests());
    if (!started("signals", listening) || !find_takeover()) return ExitCode::Failed;
    // Until the process before has named this one, systemd hears that one alone.
    if (!takeover) told(lifecycle.starting("starting"));
    if (!file && !open_echo()) return ExitCode::BindFailed;
    const auto taken = take(std::move(first), false);
    if (!taken) {
        tell_why(taken.error().lines);
        return taken.error().code;
    }
    // At a start each listener has to be there.
    if (!taken->empty()) {
        tell_why(*taken);
        return ExitCode::Failed;
    }
    if (echo_listener && !start_echo()) return ExitCode::Failed;
    if (!finish_takeover()) return ExitCode::Failed;
    watch_files(sources);
    log.info("sluice is ready", {{"version", version},
                                 {"poller", platform::poller_name()},
                                 {"workers", std::to_string(workforce.workers().size())},
                                 {"config", file.value_or("embedded")},
                                 {"pid", std::to_string(platform::pid())}});
    return ExitCode::Ok;
}

ExitCode Gateway::Parts::stop_in_order(const std::string& signal) {
    const milliseconds drain = in_force.snapshot()->config().limits.drain;
    log.info("stopping: running requests may finish",
             {{"signal", signal}, {"drain_ms", std::to_string(drain.count())},
              {"connections", std::to_string(connection_limit.active())}});
    admin->set_draining();
    told(lifecycle.stopping(drain));
    listeners.stop();
    const bool drained = workforce.finish(&proxy::WorkerState::drain, drain, 2);
    if (drained) {
        log.info("stopped: every request has finished");
        return ExitCode::Ok;
    }
    const bool by_signal = queue.stops() >= 2;
    log.warn(by_signal ? "stopped: cut by a second signal" : "stopped: the drain time is over, connections are cut",
             {{"connections", std::to_string(connection_limit.active())}});
    return by_signal ? ExitCode::Cut : ExitCode::DrainTimedOut;
}

void Gateway::Parts::stop_workers(ExitCode code) {
    file_watch.stop();
    if (upstreams) upstreams->stop();
    listeners.stop();
    listeners.stop_admin();
    if (echo_listener) echo_listener->stop();
    if (!workforce.finish(&proxy::WorkerState::cut, unwind_time, 1'000'000)) {
        // A session that does not end holds memory that can't be taken down safely; the process ends anyway.
        log.error("some sessions did not end; leaving without them");
        told(lifecycle.ended(static_cast<int>(code), {}));
        signals.finished();
        std::_Exit(static_cast<int>(code));
    }
    workforce.stop();
}

Gateway::Gateway(ConfigFile config, SourceRecord sources, std::optional<std::string> file, platform::Program program,
                 const LogSetup& log)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(sources), std::move(file), std::move(program), log)) {}

Gateway::~Gateway() = default;

ExitCode Gateway::run() {
    ExitCode code = parts_->start();
    if (code == ExitCode::Ok) {
        const std::string signal = parts_->queue.run();
        code = parts_->successor_pid == 0 ? parts_->stop_in_order(signal) : parts_->leave_in_order();
    }
    parts_->stop_workers(code);
    // After the last word the manager may start the next process, or end this one.
    parts_->access_sink.reset();
    parts_->admin.reset();
    parts_->told(parts_->lifecycle.ended(static_cast<int>(code), {}));
    parts_->signals.finished();
    return code;
}

}  // namespace sluice::app
