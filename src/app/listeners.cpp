#include "app/listeners.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "app/listen_address.hpp"
#include "base/error.hpp"
#include "proxy/tls_plan.hpp"

namespace sluice::app {
namespace {

constexpr std::uint32_t admin_backlog = 128;

/// The admin listener in the form of the others.
config::Listener admin_settings(const config::Admin& admin) { return {"admin", admin.address, admin_backlog, {}, {}}; }

}  // namespace

struct Listeners::Entry {
    config::Listener settings;
    bool is_admin = false;
    proxy::ListenerId id = 0;
    std::unique_ptr<net::Listener> listener;
};

Listeners::Change::Change() = default;
Listeners::Change::Change(Change&&) noexcept = default;
Listeners::Change& Listeners::Change::operator=(Change&&) noexcept = default;
Listeners::Change::~Change() = default;

Listeners::Listeners(Workforce& workforce, const proxy::LocalHandler& admin, const Log& log)
    : workforce_(workforce), admin_(admin), log_(log) {}
Listeners::~Listeners() = default;

/// The name may change: the address is what clients know. Port 0 of an IP address stands for whatever was bound.
std::vector<std::unique_ptr<Listeners::Entry>>::const_iterator Listeners::find(
    const std::vector<std::unique_ptr<Entry>>& entries, const config::Listener& settings, bool is_admin) {
    return std::ranges::find_if(entries, [&](const auto& entry) {
        const bool is_same_place = entry->settings.address == settings.address;
        const bool is_any_port = settings.address.port == 0 && settings.address.kind != config::Address::Kind::UnixPath;
        const bool is_same = is_same_place && (!is_any_port || entry->settings.name == settings.name);
        return entry->is_admin == is_admin && is_same;
    });
}

/// Administration has one worker, so that it stands in nobody's way.
std::vector<net::Worker*> Listeners::workers_of(bool is_admin) const {
    const std::vector<net::Worker*>& all = workforce_.workers();
    if (!is_admin || all.empty()) return all;
    return {all.front()};
}

Result<std::unique_ptr<net::Listener>> Listeners::open(const config::Listener& settings, bool is_admin) {
    if (auto inherited = inheritance_.take(settings, is_admin)) return inherited;
    platform::ListenAddress place = listen_address(settings.address);
    place.is_private = is_admin;
    return net::Listener::open(place, settings.backlog, workers_of(is_admin));
}

std::expected<Listeners::Change, std::vector<std::string>> Listeners::prepare(const config::Config& config) {
    std::vector<config::Listener> wanted;
    if (config.admin.enabled) wanted.push_back(admin_settings(config.admin));
    wanted.insert(wanted.end(), config.listeners.begin(), config.listeners.end());
    Change change;
    std::vector<std::string> problems;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const bool is_admin = config.admin.enabled && i == 0;
        if (find(entries_, wanted[i], is_admin) != entries_.end()) continue;
        auto opened = open(wanted[i], is_admin);
        if (opened) {
            change.opened.push_back(std::make_unique<Entry>(Entry{wanted[i], is_admin, ++last_id_, std::move(*opened)}));
        } else {
            problems.push_back("can't listen on " + wanted[i].address.text() + " (listener \"" + wanted[i].name +
                               "\"): " + describe(opened.error()));
        }
    }
    if (!problems.empty()) return std::unexpected(std::move(problems));
    return change;
}

std::optional<platform::ListenAddress> Listeners::admin_address(const Change& change) const {
    for (const auto* entries : {&change.opened, &entries_}) {
        for (const auto& entry : *entries) {
            if (entry->is_admin) return entry->listener->address();
        }
    }
    return std::nullopt;
}

bool Listeners::start(Entry& entry) {
    const proxy::LocalHandler* const local = entry.is_admin ? &admin_ : nullptr;
    Result<void> started = entry.listener->use(workers_of(entry.is_admin));
    if (started) {
        started = entry.listener->start(
            [local, id = entry.id, key = proxy::listener_key(entry.settings)](net::Worker& worker, platform::Accepted accepted) {
                proxy::WorkerState& state = Workforce::state_of(worker);
                if (local != nullptr) {
                    state.accept(std::move(accepted), id, *local);
                } else {
                    state.accept(std::move(accepted), id, key);
                }
            },
            [name = entry.settings.name](net::Worker& worker, const Error& why) {
                Workforce::state_of(worker).log().error("can't accept connections: they wait, and it is tried again",
                                                        {{"name", name}, {"reason", describe(why)}});
            });
    }
    const std::string address = entry.listener->address().text();
    if (started) {
        log_.info("listening", {{"name", entry.settings.name}, {"address", address}});
    } else {
        log_.error("can't accept", {{"name", entry.settings.name}, {"address", address}, {"reason", describe(started.error())}});
    }
    return started.has_value();
}

std::vector<std::string> Listeners::apply(Change change, const config::Config& config) {
    std::vector<std::string> problems;
    std::vector<std::unique_ptr<Entry>> old = std::exchange(entries_, {});
    const auto take = [&](const config::Listener& settings, bool is_admin) {
        auto place = find(old, settings, is_admin);
        const bool is_new = place == old.end();
        std::vector<std::unique_ptr<Entry>>& from = is_new ? change.opened : old;
        if (is_new) place = find(from, settings, is_admin);
        entries_.push_back(std::move(from[static_cast<std::size_t>(place - from.cbegin())]));
        from.erase(place);
        entries_.back()->settings = settings;
        if (!is_new || start(*entries_.back())) return;
        // Closed, so that clients are refused and do not wait for ever; the next reload tries again.
        problems.push_back("can't accept on " + settings.address.text() + " (listener \"" + settings.name + "\")");
        entries_.pop_back();
    };
    if (config.admin.enabled) take(admin_settings(config.admin), true);
    for (const config::Listener& settings : config.listeners) take(settings, false);
    for (const auto& entry : old) {
        entry->listener->stop();
        log_.info("no longer listening", {{"name", entry->settings.name}, {"address", entry->listener->address().text()}});
        workforce_.for_each([id = entry->id](proxy::WorkerState& state) { state.retire_listener(id); });
    }
    return problems;
}

void Listeners::use_workers() {
    for (const auto& entry : entries_) {
        const Result<void> used = entry->listener->use(workers_of(entry->is_admin));
        if (used) continue;
        log_.error("a worker has no socket to accept on: the others take its share",
                   {{"name", entry->settings.name}, {"reason", describe(used.error())}});
    }
}

void Listeners::claim() {
    for (const auto& entry : entries_) entry->listener->claim();
    for (const Bequest& rest : inheritance_.close_rest()) {
        if (rest.is_kept) {
            log_.error("no listener has the address of a socket that the service manager has bound: its clients wait in vain",
                       {{"name", rest.name}, {"address", rest.bound.text()}});
        } else {
            log_.info("no longer listening", {{"address", rest.bound.text()}});
        }
    }
}

Result<void> Listeners::bequeath(platform::Successor& successor) const {
    /// Systems limit what goes with one message.
    constexpr std::size_t most_at_once = 32;
    for (const auto& entry : entries_) {
        const config::Listener& settings = entry->settings;
        const std::string text =
            bequest_text({settings.name, settings.address.text(), entry->is_admin, entry->listener->address(), entry->listener->is_kept()});
        const std::vector<platform::NativeSocket> handles = entry->listener->handles();
        for (std::span<const platform::NativeSocket> left(handles); !left.empty();) {
            const std::size_t count = std::min(left.size(), most_at_once);
            Result<void> sent = successor.send(text, left.first(count));
            if (!sent) return sent;
            left = left.subspan(count);
        }
    }
    return {};
}

void Listeners::pause() {
    for (const auto& entry : entries_) entry->listener->pause();
}

std::vector<std::string> Listeners::resume() {
    std::vector<std::string> problems;
    for (const auto& entry : entries_) {
        const Result<void> resumed = entry->listener->resume();
        if (!resumed) problems.push_back(entry->listener->address().text() + ": " + describe(resumed.error()));
    }
    return problems;
}

void Listeners::leave() {
    for (const auto& entry : entries_) entry->listener->leave();
}

void Listeners::stop() {
    for (const auto& entry : entries_) {
        if (!entry->is_admin) entry->listener->stop();
    }
}

void Listeners::stop_admin() {
    for (const auto& entry : entries_) {
        if (entry->is_admin) entry->listener->stop();
    }
}

std::map<std::string, proxy::ListenerId> Listeners::ids() const {
    std::map<std::string, proxy::ListenerId> ids;
    for (const auto& entry : entries_) {
        if (!entry->is_admin) ids.emplace(entry->settings.name, entry->id);
    }
    return ids;
}

std::vector<telemetry::ListenerStatus> Listeners::status() const {
    std::vector<telemetry::ListenerStatus> status;
    for (const auto& entry : entries_) status.push_back({entry->settings.name, entry->listener->address().text()});
    return status;
}

}  // namespace sluice::app
