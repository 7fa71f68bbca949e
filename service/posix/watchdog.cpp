#include "service/watchdog.hpp"

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "platform/process_facts.hpp"
#include "platform/service_notice.hpp"

namespace sluice::service {
namespace {

using std::chrono::microseconds;

std::uint64_t number(const char* variable) {
    const char* const value = std::getenv(variable);
    const std::string_view text = value == nullptr ? std::string_view{} : value;
    std::uint64_t result = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    return error == std::errc{} && end == text.data() + text.size() ? result : 0;
}

/// Half of what the manager allows; 0 when it does not wait for us: sd_watchdog_enabled(3).
microseconds time_between() {
    const bool names_process = std::getenv("WATCHDOG_PID") != nullptr;
    if (names_process && number("WATCHDOG_PID") != platform::pid()) return microseconds{0};
    // A process that takes over from this one is the one that is waited for then.
    ::unsetenv("WATCHDOG_PID");
    return microseconds(number("WATCHDOG_USEC") / 2);
}

/// What answers may find gone.
struct Answers {
    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t last = 0;
    bool is_stopping = false;
};

}  // namespace

struct Watchdog::State {
    std::shared_ptr<Answers> answers = std::make_shared<Answers>();
    std::thread thread;

    void run(const Question& question, microseconds between);
};

void Watchdog::State::run(const Question& question, microseconds between) {
    for (std::uint64_t round = 1;; ++round) {
        question([answers = answers, round] {
            const std::scoped_lock lock(answers->mutex);
            answers->last = round;
            answers->changed.notify_all();
        });
        std::unique_lock lock(answers->mutex);
        answers->changed.wait(lock, [&] { return answers->is_stopping || answers->last == round; });
        if (answers->is_stopping) return;
        lock.unlock();
        // The next one may be heard.
        static_cast<void>(platform::notify_service_manager("WATCHDOG=1"));
        lock.lock();
        if (answers->changed.wait_for(lock, between, [&] { return answers->is_stopping; })) return;
    }
}

Watchdog::Watchdog() : state_(std::make_unique<State>()) {}
Watchdog::~Watchdog() { stop(); }

void Watchdog::start(Question question) {
    const microseconds between = time_between();
    if (between == microseconds{0} || state_->thread.joinable()) return;
    state_->thread = std::thread([this, question = std::move(question), between] {
        platform::set_thread_name("watchdog");
        state_->run(question, between);
    });
}

void Watchdog::stop() {
    if (!state_->thread.joinable()) return;
    {
        const std::scoped_lock lock(state_->answers->mutex);
        state_->answers->is_stopping = true;
        state_->answers->changed.notify_all();
    }
    state_->thread.join();
}

}  // namespace sluice::service
