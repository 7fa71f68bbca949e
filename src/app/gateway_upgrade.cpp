// How another binary takes over while this one serves: docs/decisions/0006-upgrade.md.

#include <utility>

#include "app/activation.hpp"
#include "app/gateway_parts.hpp"
#include "app/takeover.hpp"
#include "service/host.hpp"

namespace sluice::app {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// How soon a signal to stop is heard while the new process starts.
constexpr milliseconds glance{50};
/// Connections wait meanwhile.
constexpr milliseconds time_to_accept{10'000};
/// For sessions that were told to end at the end of the drain time.
constexpr milliseconds farewell{500};

}  // namespace

void Gateway::Parts::request_upgrade(UpgradeRequest request, std::function<void(const UpgradeOutcome&)> done) {
    queue.post([this, request = std::move(request), done = std::move(done)](bool is_stopping) {
        done(is_stopping ? UpgradeOutcome{0, "the gateway stops", {}} : upgrade(request));
    });
}

UpgradeOutcome Gateway::Parts::upgrade(const UpgradeRequest& request) {
    UpgradeOutcome outcome;
    if (service::knows_one_process()) {
        outcome.problem = "the service manager of this system knows one process: install the new version and restart the service";
        log.error("upgrade refused: this process goes on serving", {{"by", request.origin}, {"reason", outcome.problem}});
        return outcome;
    }
    platform::Program next = program;
    if (!request.binary.empty()) next.path = request.binary;
    log.info("upgrade: starting the new binary", {{"by", request.origin}, {"binary", next.path}});
    auto successor = platform::Successor::start(next);
    Result<void> handed = successor ? hand_over(**successor, request.limit) : fail(std::move(successor.error()));
    if (handed) {
        outcome.pid = (*successor)->pid();
        (*successor)->let_go();
        successor_pid = outcome.pid;
        queue.end_run();
        log.info("upgraded: the new process serves", {{"successor", std::to_string(outcome.pid)}});
        return outcome;
    }
    outcome.problem = describe(handed.error());
    if (successor) {
        // Killed if it still runs; then nothing more of it is to come.
        outcome.last_words = (*successor)->stop();
    }
    log.error("upgrade failed: this process goes on serving",
              {{"by", request.origin}, {"binary", next.path}, {"reason", outcome.problem}, {"its_last_words", outcome.last_words}});
    return outcome;
}

/// Waits for a word of the new process.
Result<void> Gateway::Parts::await_word(platform::Successor& successor, std::string_view word, milliseconds limit) {
    const SteadyClock::time_point end = SteadyClock::now() + limit;
    while (SteadyClock::now() < end) {
        if (queue.stops() > 0) return fail(system_error("the gateway stops", {}));
        const auto message = successor.receive(glance);
        if (!message) return fail(message.error());
        if (!message->has_value()) continue;
        if ((*message)->text == word) return {};
        return fail(system_error("the new binary says \"" + (*message)->text + "\" instead of \"" + std::string(word) + "\"", {}));
    }
    return fail(system_error("the new binary did not say \"" + std::string(word) + "\" within " +
                                 std::to_string(limit.count()) + " ms",
                             {}));
}

Result<void> Gateway::Parts::hand_over(platform::Successor& successor, milliseconds limit) {
    Result<void> done = successor.send(upgrade_word::hello);
    if (done) done = listeners.bequeath(successor);
    if (done) done = successor.send(upgrade_word::end_of_listeners);
    if (done) done = await_word(successor, upgrade_word::prepared, limit);
    if (!done) return done;
    // From here on connections wait, for whichever of the two will accept.
    listeners.pause();
    done = successor.send(upgrade_word::go);
    if (done) done = await_word(successor, upgrade_word::ready, time_to_accept);
    if (done) done = lifecycle.succeeded_by(successor.pid());
    if (!done) {
        for (const std::string& problem : listeners.resume()) log.error("listener lost", {{"reason", problem}});
        return done;
    }
    watchdog.stop();
    listeners.leave();
    admin->token().leave();
    // Nothing can be taken back by now.
    static_cast<void>(successor.send(upgrade_word::done));
    return {};
}

/// The new process's start: listeners may come from the process before, or from the service manager.
bool Gateway::Parts::find_takeover() {
    takeover = Takeover::find();
    if (takeover) admin->token().share();
    Result<Inheritance> inheritance = takeover ? takeover->receive_listeners() : activated_listeners(log);
    if (inheritance) listeners.inherit(std::move(*inheritance));
    return started("taking listeners over", inheritance ? Result<void>{} : fail(std::move(inheritance.error())));
}

bool Gateway::Parts::finish_takeover() {
    if (takeover) {
        const Result<void> finished = takeover->finish();
        takeover.reset();
        if (!started("taking over", finished)) return false;
        admin->token().claim();
    }
    listeners.claim();
    told(lifecycle.ready("serving"));
    watchdog.start([this](std::function<void()> works) { workforce.ask_everybody(std::move(works)); });
    return true;
}

/// The old process's end: nobody who is connected loses a request by it.
ExitCode Gateway::Parts::leave_in_order() {
    file_watch.stop();
    const milliseconds drain = in_force.snapshot()->config().limits.drain;
    log.info("leaving: running requests may finish, and connections end with their next response",
             {{"successor", std::to_string(successor_pid)}, {"drain_ms", std::to_string(drain.count())},
              {"connections", std::to_string(connection_limit.active())}});
    if (workforce.finish(&proxy::WorkerState::leave, drain, 1)) {
        log.info("stopped: every connection has ended", {{"successor", std::to_string(successor_pid)}});
        return ExitCode::Ok;
    }
    if (queue.stops() > 0) return stop_in_order("after an upgrade");
    // Those that had nothing to say are closed; what still runs is cut.
    if (workforce.finish(&proxy::WorkerState::drain, farewell, 1)) {
        log.info("stopped: idle connections were closed at the end of the drain time");
        return ExitCode::Ok;
    }
    log.warn("stopped: the drain time is over, connections are cut",
             {{"connections", std::to_string(connection_limit.active())}});
    return ExitCode::DrainTimedOut;
}

}  // namespace sluice::app
