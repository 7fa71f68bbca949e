#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin.hpp"
#include "app/file_watch.hpp"
#include "app/gateway.hpp"
#include "app/in_force.hpp"
#include "app/listeners.hpp"
#include "app/main_queue.hpp"
#include "app/reload_outcome.hpp"
#include "app/takeover.hpp"
#include "app/upgrade_outcome.hpp"
#include "app/upstream_watch.hpp"
#include "app/workforce.hpp"
#include "net/listener.hpp"
#include "platform/program.hpp"
#include "platform/signals.hpp"
#include "platform/successor.hpp"
#include "proxy/connection_limit.hpp"
#include "proxy/local_service.hpp"
#include "service/lifecycle.hpp"
#include "service/watchdog.hpp"
#include "telemetry/file_sink.hpp"
#include "telemetry/metrics_registry.hpp"

namespace sluice::app {

/// Everything that lives while the gateway does, in the order in which it is built.
///
/// Threading: the main thread.
struct Gateway::Parts {
    /// Until it is part of a snapshot.
    ConfigFile first;
    /// What it was read from.
    SourceRecord sources;
    std::optional<std::string> file;
    /// What an upgrade starts again.
    platform::Program program;
    const Log& log;
    const std::function<void()>& reopen_log;
    bool has_lost_last_good = false;

    MainQueue queue;
    platform::SignalSource signals;
    service::Lifecycle lifecycle;
    telemetry::MetricsRegistry metrics;
    InForce in_force;
    proxy::LocalHandler admin_handler;
    proxy::LocalHandler echo_handler;
    std::shared_ptr<telemetry::FileSink> access_sink;
    proxy::ConnectionLimit connection_limit{0, 0};
    Workforce workforce;
    Listeners listeners;
    std::unique_ptr<net::Listener> echo_listener;
    std::unique_ptr<Admin> admin;
    std::unique_ptr<UpstreamWatch> upstreams;
    FileWatch file_watch;
    service::Watchdog watchdog;

    /// While this process takes over from another.
    std::unique_ptr<Takeover> takeover;
    /// Of the process that has taken over from this one; 0: none has.
    std::uint64_t successor_pid = 0;

    Parts(ConfigFile the_first, SourceRecord the_sources, std::optional<std::string> the_file,
          platform::Program the_program, const LogSetup& the_log);

    // gateway.cpp: from nothing to serving, and back.
    [[nodiscard]] ExitCode start();
    [[nodiscard]] platform::SignalHandlers requests();
    [[nodiscard]] bool open_echo();
    [[nodiscard]] bool start_echo();
    [[nodiscard]] bool started(std::string_view name, const Result<void>& result) const;
    /// Why the start has failed.
    void tell_why(const std::vector<std::string>& reasons) const;
    [[nodiscard]] ExitCode stop_in_order(const std::string& signal);
    void stop_workers(ExitCode code);
    /// What the service manager can't be told is worth a line, no more.
    void told(const Result<void>& result) const;

    // gateway_reload.cpp: from one configuration to the next.
    using Lines = std::vector<std::string>;
    void request_reload(ReloadRequest request, std::function<void(const ReloadOutcome&)> done);
    [[nodiscard]] ReloadOutcome reload(const ReloadRequest& request);
    /// Why a configuration was not taken, and how a start ends by that.
    struct Refusal {
        ExitCode code;
        Lines lines;
    };
    /// Makes a configuration the one in force; the first one too. With `is_dry_run` all is tried and nothing changes.
    /// Yields a line for each listener that can't accept although it was bound: the rest is in force, and that one closed.
    /// Failure: nothing has changed.
    [[nodiscard]] std::expected<Lines, Refusal> take(ConfigFile next, bool is_dry_run);
    void request_reopen(std::string origin);
    [[nodiscard]] Result<std::shared_ptr<telemetry::FileSink>> open_access_log(const config::LogSettings& settings) const;
    void watch_files(const SourceRecord& record);
    void keep_last_good(const config::Config& settings);
    void use_limits(const config::Config& settings, const proxy::Snapshot* before);
    void tell_old_clusters(const proxy::Snapshot& old, const proxy::Snapshot& next) const;
    void log_changes(const ReloadOutcome& outcome) const;
    void log_outcome(const ReloadRequest& request, const ReloadOutcome& outcome) const;

    // gateway_upgrade.cpp: from one process to the next.
    void request_upgrade(UpgradeRequest request, std::function<void(const UpgradeOutcome&)> done);
    [[nodiscard]] UpgradeOutcome upgrade(const UpgradeRequest& request);
    [[nodiscard]] Result<void> hand_over(platform::Successor& successor, std::chrono::milliseconds limit);
    [[nodiscard]] Result<void> await_word(platform::Successor& successor, std::string_view word,
                                          std::chrono::milliseconds limit);
    [[nodiscard]] bool find_takeover();
    [[nodiscard]] bool finish_takeover();
    [[nodiscard]] ExitCode leave_in_order();
};

}  // namespace sluice::app
