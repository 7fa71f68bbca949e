#include "app/gateway.hpp"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "app/admin.hpp"
#include "app/echo.hpp"
#include "app/listen_address.hpp"
#include "app/stop_request.hpp"
#include "app/upstream_watch.hpp"
#include "app/version.hpp"
#include "net/listener.hpp"
#include "platform/poller.hpp"
#include "platform/process_facts.hpp"
#include "platform/signals.hpp"
#include "proxy/snapshot.hpp"
#include "proxy/worker_state.hpp"
#include "telemetry/file_sink.hpp"
#include "telemetry/metrics_registry.hpp"

namespace sluice::app {
namespace {

using std::chrono::milliseconds;

/// After the cut: for sessions to see it and end.
constexpr milliseconds unwind_time{3000};

/// Name of the embedded configuration's cluster that is served by the gateway itself.
constexpr std::string_view echo_cluster = "echo";

std::uint64_t random_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

/// Everything that lives while the gateway does, in the order in which it is built.
struct Gateway::Parts {
    config::Config config;
    std::optional<std::string> file;
    const Log& log;

    StopRequest stop;
    platform::SignalSource signals;
    proxy::LocalHandler admin_handler;
    proxy::LocalHandler echo_handler = answer_echo;
    std::shared_ptr<const proxy::Snapshot> snapshot;
    std::unique_ptr<UpstreamWatch> upstreams;
    std::unique_ptr<telemetry::FileSink> access_sink;
    std::unique_ptr<proxy::ConnectionLimit> connection_limit;
    std::unique_ptr<telemetry::MetricsRegistry> metrics;
    std::unique_ptr<Admin> admin;
    std::vector<std::unique_ptr<net::Worker>> workers;
    std::vector<net::Worker*> worker_list;
    bool are_workers_running = false;
    std::vector<std::unique_ptr<proxy::WorkerState>> states;
    std::vector<std::unique_ptr<net::Listener>> listeners;
    std::unique_ptr<net::Listener> admin_listener;
    std::unique_ptr<net::Listener> echo_listener;

    Parts(config::Config the_config, std::optional<std::string> the_file, const Log& the_log)
        : config(std::move(the_config)), file(std::move(the_file)), log(the_log) {}

    [[nodiscard]] ExitCode start();
    void make_workers();
    [[nodiscard]] bool make_snapshot();
    [[nodiscard]] bool open_access_log();
    void make_states();
    void start_workers();
    [[nodiscard]] std::unique_ptr<net::Listener> open(const config::Address& address,
                                                      std::uint32_t backlog, std::string_view name,
                                                      std::span<net::Worker* const> on);
    [[nodiscard]] bool open_listeners();
    void describe_listeners();
    [[nodiscard]] bool start_listeners();
    [[nodiscard]] bool started(std::string_view name, const Result<void>& result) const;
    [[nodiscard]] net::AcceptHandler handler(const proxy::LocalHandler* local);

    [[nodiscard]] ExitCode stop_in_order(const std::string& signal);
    [[nodiscard]] bool finish(void (proxy::WorkerState::*end)(std::function<void()>),
                              milliseconds limit, int impatient);
    void stop_workers(ExitCode code);
};

void Gateway::Parts::make_workers() {
    const std::uint32_t count = config.workers == 0 ? platform::core_count() : config.workers;
    for (std::uint32_t i = 0; i < count; ++i) {
        workers.push_back(std::make_unique<net::Worker>(i, random_seed()));
        worker_list.push_back(workers.back().get());
    }
}

bool Gateway::Parts::make_snapshot() {
    if (echo_listener) {
        for (config::Cluster& cluster : config.clusters) {
            if (cluster.name != echo_cluster) continue;
            cluster.endpoints.front().address.port = echo_listener->address().port;
        }
    }
    auto built = proxy::Snapshot::build(std::move(config));
    if (!built) {
        for (const std::string& line : built.error()) log.error(line);
        return false;
    }
    snapshot = std::move(*built);
    return true;
}

bool Gateway::Parts::open_access_log() {
    const std::string& target = snapshot->config().log.access;
    if (target == "off") return true;
    const bool for_people = target == "stdout" && platform::is_terminal(platform::StandardStream::Output);
    Result<std::unique_ptr<telemetry::FileSink>> sink = telemetry::FileSink::open(
        target, for_people ? telemetry::FileSink::Format::Text : telemetry::FileSink::Format::Json);
    if (!sink) {
        log.error("the access log can't be opened", {{"file", target}, {"reason", describe(sink.error())}});
        return false;
    }
    access_sink = std::move(*sink);
    return true;
}

void Gateway::Parts::make_states() {
    const config::Limits& limits = snapshot->config().limits;
    connection_limit = std::make_unique<proxy::ConnectionLimit>(limits.connections, limits.connections_per_client);
    metrics = std::make_unique<telemetry::MetricsRegistry>();
    // The first snapshot's routes and endpoints keep their own numbers.
    static_cast<void>(metrics->intern(metric_labels(*snapshot)));
    const proxy::WorkerState::Shared shared{snapshot, *connection_limit, log, access_sink.get()};
    for (std::size_t i = 0; i < workers.size(); ++i) {
        states.push_back(std::make_unique<proxy::WorkerState>(*workers[i], shared, metrics->add_worker()));
    }
    admin = std::make_unique<Admin>(*metrics, snapshot, file.value_or("embedded"));
    admin_handler = [this](const proxy::LocalRequest& request) { return admin->answer(request); };
}

void Gateway::Parts::start_workers() {
    for (const std::unique_ptr<net::Worker>& worker : workers) worker->start([] {});
    are_workers_running = true;
}

std::unique_ptr<net::Listener> Gateway::Parts::open(const config::Address& address,
                                                    std::uint32_t backlog, std::string_view name,
                                                    std::span<net::Worker* const> on) {
    Result<std::unique_ptr<net::Listener>> listener = net::Listener::open(listen_address(address), backlog, on);
    if (listener) return std::move(*listener);
    log.error("can't listen", {{"name", name}, {"address", address.text()}, {"reason", describe(listener.error())}});
    return nullptr;
}

bool Gateway::Parts::open_listeners() {
    const config::Config& settings = snapshot->config();
    for (const config::Listener& listener : settings.listeners) {
        listeners.push_back(open(listener.address, listener.backlog, listener.name, worker_list));
        if (!listeners.back()) return false;
    }
    if (!settings.admin.enabled) return true;
    admin_listener = open(settings.admin.address, 128, "admin", std::span(worker_list).first(1));
    return admin_listener != nullptr;
}

net::AcceptHandler Gateway::Parts::handler(const proxy::LocalHandler* local) {
    return [this, local](net::Worker& worker, platform::Accepted accepted) {
        states[worker.index()]->accept(std::move(accepted), local);
    };
}

void Gateway::Parts::describe_listeners() {
    if (admin_listener) admin->add_listener("admin", admin_listener->address().text());
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        admin->add_listener(snapshot->config().listeners[i].name, listeners[i]->address().text());
    }
}

bool Gateway::Parts::started(std::string_view name, const Result<void>& result) const {
    if (!result) log.error("can't accept", {{"name", name}, {"reason", describe(result.error())}});
    return result.has_value();
}

bool Gateway::Parts::start_listeners() {
    if (echo_listener && !started(echo_cluster, echo_listener->start(handler(&echo_handler)))) return false;
    if (admin_listener) {
        if (!started("admin", admin_listener->start(handler(&admin_handler)))) return false;
        log.info("listening", {{"name", "admin"}, {"address", admin_listener->address().text()}});
    }
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        const std::string& name = snapshot->config().listeners[i].name;
        if (!started(name, listeners[i]->start(handler(nullptr)))) return false;
        log.info("listening", {{"name", name}, {"address", listeners[i]->address().text()}});
    }
    return true;
}

ExitCode Gateway::Parts::start() {
    platform::raise_descriptor_limit();
    make_workers();
    if (!file) {
        const config::Address any_port{config::Address::Kind::Ipv4, "127.0.0.1", 0};
        echo_listener = open(any_port, 128, echo_cluster, std::span(worker_list).first(1));
        if (!echo_listener) return ExitCode::BindFailed;
    }
    if (!make_snapshot()) return ExitCode::ConfigInvalid;
    if (!open_access_log()) return ExitCode::Failed;
    make_states();
    if (!open_listeners()) return ExitCode::BindFailed;
    describe_listeners();
    const Result<void> listening = signals.start(
        {[this](int count, std::string_view name) { stop.request(count, name); },
         [this](std::string_view name) { log.warn("reload is not available yet", {{"signal", name}}); }});
    if (!started("signals", listening)) return ExitCode::Failed;
    upstreams = std::make_unique<UpstreamWatch>(snapshot, log, random_seed());
    upstreams->start();
    start_workers();
    if (!start_listeners()) return ExitCode::Failed;
    log.info("sluice is ready", {{"version", version},
                                 {"poller", platform::poller_name()},
                                 {"workers", std::to_string(workers.size())},
                                 {"config", file.value_or("embedded")},
                                 {"pid", std::to_string(platform::pid())}});
    return ExitCode::Ok;
}

/// Lets every worker end its sessions in the given way; false when some are left after `limit`, or when the operator asked
/// `impatient` times.
bool Gateway::Parts::finish(void (proxy::WorkerState::*end)(std::function<void()>),
                            milliseconds limit, int impatient) {
    const unsigned phase = stop.expect(states.size());
    for (std::size_t i = 0; i < states.size(); ++i) {
        workers[i]->post([this, end, phase, state = states[i].get()] {
            (state->*end)([this, phase] { stop.finish_one(phase); });
        });
    }
    return stop.wait_finished(limit, impatient);
}

ExitCode Gateway::Parts::stop_in_order(const std::string& signal) {
    const milliseconds drain = snapshot->config().limits.drain;
    log.info("stopping: running requests may finish",
             {{"signal", signal}, {"drain_ms", std::to_string(drain.count())},
              {"connections", std::to_string(connection_limit->active())}});
    admin->set_draining();
    for (const std::unique_ptr<net::Listener>& listener : listeners) listener->stop();
    const bool drained = finish(&proxy::WorkerState::drain, drain, 2);
    if (drained) {
        log.info("stopped: every request has finished");
        return ExitCode::Ok;
    }
    const bool by_signal = stop.count() >= 2;
    log.warn(by_signal ? "stopped: cut by a second signal" : "stopped: the drain time is over, connections are cut",
             {{"connections", std::to_string(connection_limit->active())}});
    return by_signal ? ExitCode::Cut : ExitCode::DrainTimedOut;
}

void Gateway::Parts::stop_workers(ExitCode code) {
    if (upstreams) upstreams->stop();
    if (!are_workers_running) return;
    for (const std::unique_ptr<net::Listener>& listener : listeners) {
        if (listener) listener->stop();
    }
    if (admin_listener) admin_listener->stop();
    if (echo_listener) echo_listener->stop();
    if (!finish(&proxy::WorkerState::cut, unwind_time, 1'000'000)) {
        // A session that does not end holds memory that can't be taken down safely; the process ends anyway.
        log.error("some sessions did not end; leaving without them");
        signals.finished();
        std::_Exit(static_cast<int>(code));
    }
    for (std::size_t i = 0; i < states.size(); ++i) {
        workers[i]->post([this, i] { states[i].reset(); });
        workers[i]->post([worker = workers[i].get()] { worker->stop(); });
    }
    for (const std::unique_ptr<net::Worker>& worker : workers) worker->join();
}

Gateway::Gateway(config::Config config, std::optional<std::string> file, const Log& log)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(file), log)) {}

Gateway::~Gateway() = default;

ExitCode Gateway::run() {
    ExitCode code = parts_->start();
    if (code == ExitCode::Ok) code = parts_->stop_in_order(parts_->stop.wait());
    parts_->stop_workers(code);
    parts_->signals.finished();
    return code;
}

}  // namespace sluice::app
