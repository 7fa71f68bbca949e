#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/inheritance.hpp"
#include "app/workforce.hpp"
#include "base/log.hpp"
#include "config/model.hpp"
#include "net/listener.hpp"
#include "platform/shared_listener.hpp"
#include "platform/successor.hpp"
#include "proxy/local_service.hpp"
#include "telemetry/status.hpp"

namespace sluice::app {

/// Everything that the gateway listens on: the configured listeners and the admin listener.
///
/// Threading: the main thread.
/// Lifetime:  the workforce, the log and the admin handler outlive it.
class Listeners {
    struct Entry;

public:
    Listeners(Workforce& workforce, const proxy::LocalHandler& admin, const Log& log);
    Listeners(const Listeners&) = delete;
    Listeners& operator=(const Listeners&) = delete;
    ~Listeners();

    /// What another configuration needs: bound, but not accepting yet.
    class Change {
    public:
        Change();
        Change(Change&&) noexcept;
        Change& operator=(Change&&) noexcept;
        ~Change();

    private:
        friend class Listeners;
        std::vector<std::unique_ptr<Entry>> opened;
    };

    /// The listeners of the process before, or of the service manager: `prepare` takes from them before it binds.
    void inherit(Inheritance inheritance) { inheritance_ = std::move(inheritance); }
    /// The process before has left them: they are this one's alone, but for what the service manager keeps. Those without a
    /// use are closed.
    void claim();

    /// Gives another process all sockets too.
    [[nodiscard]] Result<void> bequeath(platform::Successor& successor) const;
    /// Accepts nothing, until `resume` (a line for each that can't go on) or for good (`leave`): connections wait for
    /// whoever accepts next.
    void pause();
    [[nodiscard]] std::vector<std::string> resume();
    void leave();

    /// Binds what a configuration has more than is open now. Failure: a line for each address that can't be bound; nothing
    /// is open that was not before.
    [[nodiscard]] std::expected<Change, std::vector<std::string>> prepare(const config::Config& config);
    /// Where the admin listener is bound, or will be by the change.
    [[nodiscard]] std::optional<platform::ListenAddress> admin_address(const Change& change) const;
    /// Accepts on what was prepared, and stops what the configuration no longer has: its sessions end with their next
    /// response, or within the drain time. Failure: a line for what can't accept.
    [[nodiscard]] std::vector<std::string> apply(Change change, const config::Config& config);

    /// The workforce has other workers: connections go to them from now on.
    void use_workers();

    /// Accepts nothing more, but on the admin listener, which goes on until `stop_admin`.
    void stop();
    void stop_admin();

    /// What the configured listeners' sessions know them by.
    [[nodiscard]] std::map<std::string, proxy::ListenerId> ids() const;
    /// Names and bound addresses, the admin listener first.
    [[nodiscard]] std::vector<telemetry::ListenerStatus> status() const;

private:
    [[nodiscard]] static std::vector<std::unique_ptr<Entry>>::const_iterator find(
        const std::vector<std::unique_ptr<Entry>>& entries, const config::Listener& settings, bool is_admin);
    [[nodiscard]] std::vector<net::Worker*> workers_of(bool is_admin) const;
    [[nodiscard]] Result<std::unique_ptr<net::Listener>> open(const config::Listener& settings, bool is_admin);
    [[nodiscard]] bool start(Entry& entry);

    Workforce& workforce_;
    const proxy::LocalHandler& admin_;
    const Log& log_;
    std::vector<std::unique_ptr<Entry>> entries_;
    proxy::ListenerId last_id_ = 0;
    Inheritance inheritance_;
};

}  // namespace sluice::app
