// How a configuration comes into force: the first one, and each that takes another's place while the gateway serves.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "app/config_file.hpp"
#include "app/file_sources.hpp"
#include "app/gateway_parts.hpp"
#include "app/last_good.hpp"
#include "app/reload_report.hpp"
#include "config/diff.hpp"
#include "config/effective.hpp"
#include "config/tls_files.hpp"
#include "platform/private_file.hpp"
#include "platform/process_facts.hpp"
#include "service/log_output.hpp"

namespace sluice::app {
namespace {

/// Of one reload; whoever wants all of them asks for a dry run.
constexpr std::size_t most_logged_changes = 50;

bool is_there(const std::string& file) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(std::fopen(file.c_str(), "rb"), std::fclose);
    return opened != nullptr;
}

/// Certificates are renewed in place: the configuration says the same as before.
std::vector<std::string> changed_files(const config::Config& before, const config::Config& after) {
    std::vector<std::string> paths;
    for (const auto& [path, content] : after.tls_files) {
        const auto old = before.tls_files.find(path);
        if (old != before.tls_files.end() && old->second != content) paths.push_back(path);
    }
    return paths;
}

/// A line for each change that a reload does not make.
std::vector<std::string> settings_of_next_start(const config::Config& before, const config::Config& after) {
    std::vector<std::string> lines;
    if (before.log.format != after.log.format) lines.emplace_back("log.format is taken at the next start");
    if (before.log.file != after.log.file) lines.emplace_back("log.file is taken at the next start");
    if (before.log.rotate != after.log.rotate && after.log.file != "stderr") lines.emplace_back("log.rotate is taken at the next start for log.file");
    if (before.user != after.user) lines.emplace_back("user is taken at the next start");
    for (const config::Listener& listener : after.listeners) {
        const auto old = std::ranges::find(before.listeners, listener.address, &config::Listener::address);
        if (old == before.listeners.end() || old->backlog == listener.backlog) continue;
        lines.push_back("the backlog of listener \"" + listener.name + "\" is taken at the next start");
    }
    return lines;
}

}  // namespace

void Gateway::Parts::request_reload(ReloadRequest request, std::function<void(const ReloadOutcome&)> done) {
    queue.post([this, request = std::move(request), done = std::move(done)](bool is_stopping) {
        if (!is_stopping) {
            if (request.is_dry_run) {
                done(reload(request));
                return;
            }
            told(lifecycle.reloading());
            const ReloadOutcome outcome = reload(request);
            told(lifecycle.reloaded(outcome.problems.empty() ? "serving" : "serving; the last reload was refused: " + outcome.problems.front()));
            done(outcome);
            return;
        }
        ReloadOutcome outcome;
        outcome.problems.emplace_back("the gateway stops");
        outcome.generation = in_force.generation();
        done(outcome);
    });
}

ReloadOutcome Gateway::Parts::reload(const ReloadRequest& request) {
    ReloadOutcome outcome;
    FileSources files;
    RecordingSources recorded(files);
    if (!file) {
        outcome.problems.emplace_back("the gateway runs on its embedded configuration; start it with -c FILE to reload");
    } else if (auto read = read_config_file(*file, recorded); !read) {
        outcome.problems = std::move(read.error());
    } else {
        outcome.warnings = std::move(read->warnings);
        const auto before = in_force.snapshot();
        outcome.changes = describe_changes(config::diff(before->config(), read->config), workforce.usage(), listeners.ids());
        for (const std::string& path : changed_files(before->config(), read->config)) outcome.changes.push_back("file " + path + " has changed");
        const Lines late = settings_of_next_start(before->config(), read->config);
        outcome.warnings.insert(outcome.warnings.end(), late.begin(), late.end());
        auto taken = take(std::move(*read), request.is_dry_run);
        outcome.is_accepted = taken.has_value();
        if (taken) {
            outcome.warnings.insert(outcome.warnings.end(), taken->begin(), taken->end());
        } else {
            outcome.problems = std::move(taken.error().lines);
        }
    }
    if (!request.is_dry_run) {
        in_force.set_outcome(outcome);
        watch_files(recorded.record());
    }
    outcome.generation = in_force.generation();
    log_outcome(request, outcome);
    return outcome;
}

void Gateway::Parts::watch_files(const SourceRecord& record) {
    const config::Reload& settings = in_force.snapshot()->config().reload;
    if (file && settings.watch) {
        file_watch.watch(record, settings.interval);
    } else {
        file_watch.stop();
    }
}

/// What starts when the file is broken, and the operator wants that.
void Gateway::Parts::keep_last_good(const config::Config& settings) {
    config::Config movable = settings;
    config::for_each_tls_path(movable, [](std::string& path) {
        std::error_code error;
        const std::filesystem::path whole = std::filesystem::absolute(path, error);
        if (!error) path = whole.generic_string();
    });
    const Result<void> kept = platform::write_private_file(
        last_good_file(*file), config::effective_json(movable, config::Secrets::Shown));
    if (!kept && !std::exchange(has_lost_last_good, true)) {
        log.warn("the last good configuration can't be kept", {{"reason", describe(kept.error())}});
    }
}

void Gateway::Parts::log_changes(const ReloadOutcome& outcome) const {
    const std::size_t shown = std::min(outcome.changes.size(), most_logged_changes);
    for (std::size_t i = 0; i < shown; ++i) log.info("changed by the reload", {{"what", outcome.changes[i]}});
    if (shown == outcome.changes.size()) return;
    log.info("changed by the reload", {{"what", std::to_string(outcome.changes.size() - shown) + " more"}});
}

void Gateway::Parts::log_outcome(const ReloadRequest& request, const ReloadOutcome& outcome) const {
    const std::string generation = std::to_string(outcome.generation);
    for (const std::string& warning : outcome.warnings) log.warn("the configuration has a risk", {{"where", warning}});
    if (outcome.is_accepted && !request.is_dry_run) log_changes(outcome);
    for (const std::string& problem : outcome.problems) log.error("the configuration has an error", {{"where", problem}});
    if (request.is_dry_run) {
        log.info("reload tried, as asked without changing anything", {{"by", request.origin}});
    } else if (outcome.is_accepted) {
        log.info("reloaded", {{"by", request.origin}, {"generation", generation}, {"changes", std::to_string(outcome.changes.size())}});
    } else {
        log.error("reload refused: the configuration before stays in force",
                  {{"by", request.origin}, {"generation", generation}, {"errors", std::to_string(outcome.problems.size())}});
    }
}

/// Log files were moved.
void Gateway::Parts::request_reopen(std::string origin) {
    queue.post([this, origin = std::move(origin)](bool is_stopping) {
        if (is_stopping) return;
        reopen_log();
        told(service::reopen_log_output());
        if (access_sink) access_sink->reopen();
        log.info("log files opened again", {{"by", origin}});
    });
}

Result<std::shared_ptr<telemetry::FileSink>> Gateway::Parts::open_access_log(const config::LogSettings& settings) const {
    using Format = telemetry::FileSink::Format;
    if (settings.access == "off") return std::shared_ptr<telemetry::FileSink>();
    const bool for_people = settings.access == "stdout" && platform::is_terminal(platform::StandardStream::Output);
    Result<std::unique_ptr<telemetry::FileSink>> sink =
        telemetry::FileSink::open(settings.access, for_people ? Format::Text : Format::Json, rotation_of(settings.rotate),
                                  [log = Log(log)](const std::string& what) { log.error("the access log is in trouble", {{"reason", what}}); });
    if (!sink) return fail(std::move(sink.error()));
    return std::shared_ptr<telemetry::FileSink>(std::move(*sink));
}

void Gateway::Parts::use_limits(const config::Config& settings, const proxy::Snapshot* before) {
    connection_limit.use(settings.limits.connections, settings.limits.connections_per_client);
    // What administration has set stays while the configuration says the same.
    const bool is_new_level = before == nullptr || before->config().log.level != settings.log.level;
    if (is_new_level) log.set_least(static_cast<LogLevel>(settings.log.level));
}

/// Endpoints that a cluster no longer has leave its counts.
void Gateway::Parts::tell_old_clusters(const proxy::Snapshot& old, const proxy::Snapshot& next) const {
    for (const proxy::ClusterPlan& plan : old.clusters()) {
        const proxy::ClusterPlan* const successor = next.find_cluster(plan.config->name);
        if (successor != nullptr && successor->state != plan.state) plan.state->give_way_to(*successor->state);
    }
}

std::expected<Gateway::Parts::Lines, Gateway::Parts::Refusal> Gateway::Parts::take(ConfigFile next, bool is_dry_run) {
    // What can fail comes first, and leaves no trace when it does.
    const std::shared_ptr<const proxy::Snapshot> before = in_force.snapshot();
    auto built = proxy::Snapshot::build(std::move(next.config), {before.get(), &metrics, std::move(next.routes)});
    if (!built) return std::unexpected(Refusal{ExitCode::ConfigInvalid, std::move(built.error())});
    const std::shared_ptr<const proxy::Snapshot>& snapshot = *built;
    const config::Config& settings = snapshot->config();
    const bool is_new_log = is_dry_run && !is_there(settings.log.access);
    auto sink = open_access_log(settings.log);
    if (!sink) {
        return std::unexpected(Refusal{ExitCode::Failed, {"the access log can't be opened: " + describe(sink.error())}});
    }
    auto change = listeners.prepare(settings);
    if (!change) return std::unexpected(Refusal{ExitCode::BindFailed, std::move(change.error())});
    if (is_dry_run) {
        // Nothing is left behind by trying.
        sink->reset();
        if (is_new_log) std::remove(settings.log.access.c_str());
        return Lines{};
    }
    // Addresses are known before requests come for them.
    upstreams->prepare(*snapshot);
    use_limits(settings, before.get());
    if (const auto address = listeners.admin_address(*change)) admin->use(settings.admin, *address);
    // The old log is closed here, where nobody waits for it.
    std::swap(access_sink, *sink);
    workforce.publish(snapshot, access_sink);
    // Before a listener accepts: administration looks here.
    in_force.set(snapshot);
    workforce.resize(settings.workers == 0 ? platform::core_count() : settings.workers);
    listeners.use_workers();
    if (takeover) {
        const Result<void> turn = takeover->await_turn();
        if (!turn) return std::unexpected(Refusal{ExitCode::Failed, {describe(turn.error())}});
    }
    Lines problems = listeners.apply(std::move(*change), settings);
    workforce.retire_surplus();
    upstreams->apply(snapshot);
    in_force.set_listeners(listeners.status());
    // By now administration speaks to the new clusters alone.
    if (before) tell_old_clusters(*before, *snapshot);
    if (file) keep_last_good(settings);
    return problems;
}

}  // namespace sluice::app
