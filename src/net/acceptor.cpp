#include "net/acceptor.hpp"

#include <algorithm>

namespace sluice::net {
namespace {

/// Connections taken per event, so that a burst of new ones does not starve those that are there.
constexpr int most_per_event = 64;
constexpr std::chrono::milliseconds pause_between_tries{100};
constexpr std::chrono::seconds pause_between_complaints{10};

}  // namespace

Acceptor::Acceptor(Worker& worker, platform::OpenListener listener, const AcceptHandler& on_accept, const TroubleHandler& on_trouble)
    : worker_(worker),
      listener_(std::move(listener)),
      on_accept_(on_accept),
      on_trouble_(on_trouble),
      watch_(
          worker.reactor(), [](void* self) { static_cast<Acceptor*>(self)->accept_waiting(); }, this) {}

void Acceptor::start() {
    pause_.emplace(
        worker_.timers(), [](void* self) { static_cast<Acceptor*>(self)->watch(); }, this);
    is_started_ = true;
    watch();
}

void Acceptor::watch() {
    if (is_watched_) {
        watch_.resume();
        return;
    }
    std::error_code error;
    watch_.start(listener_.native_handle(), error);
    is_watched_ = !error;
    if (error) try_later(system_error("the system does not watch the listening socket", error));
}

void Acceptor::try_later(const Error& why) {
    pause_->set(worker_.now() + pause_between_tries);
    if (!on_trouble_ || worker_.now() < next_complaint_) return;
    next_complaint_ = worker_.now() + pause_between_complaints;
    on_trouble_(worker_, why);
}

void Acceptor::take_waiting() {
    while (is_started_) {
        Result<std::optional<platform::Accepted>> accepted = platform::accept_connection(listener_.native_handle());
        if (!accepted || !accepted->has_value()) return;
        on_accept_(worker_, std::move(**accepted));
    }
}

platform::OpenListener Acceptor::stop() {
    pause_.reset();
    watch_.stop();
    is_started_ = is_watched_ = false;
    return std::move(listener_);
}

/// A connection that comes alone is taken without the call that finds no other behind it; of many, twice as many per event as before.
void Acceptor::accept_waiting() {
    worker_.update_now();
    for (int taken = 0; taken < burst_; ++taken) {
        Result<std::optional<platform::Accepted>> accepted = platform::accept_connection(listener_.native_handle());
        if (!accepted) {
            watch_.pause();
            try_later(accepted.error());
            return;
        }
        if (!accepted->has_value()) {
            burst_ = 1;
            return;
        }
        on_accept_(worker_, std::move(**accepted));
        if (!is_started_) return;
    }
    burst_ = std::min(2 * burst_, most_per_event);
}

}  // namespace sluice::net
