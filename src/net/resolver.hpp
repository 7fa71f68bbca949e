#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/resolution.hpp"

namespace sluice::net {

class ResolverChannel;
struct LookupResult;

/// Looks up names by DNS and goes on doing so, on a thread of its own: requests never wait for a name.
///
/// Threading: everything on one thread; the callbacks are called on the resolver's own.
/// Lifetime:  what the callbacks use outlives `stop`, after which none is called.
/// Failure:   a lookup that fails is a Resolution with an error, and is tried again.
class Resolver {
public:
    using Callback = std::function<void(const Resolution&)>;

    explicit Resolver(ResolverSettings settings);
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver();

    /// What a watched name is known by.
    using Watch = std::uint64_t;

    /// Also while the resolver runs. The callback is told about the first success, each change of the addresses, each failure, and the
    /// first success after one. A failure takes nothing away: the owner keeps what it was told before.
    Watch watch(Query query, Callback on_change);
    /// The callback is not called any more; one call that is under way may still end.
    void unwatch(Watch watch);

    /// Begins with all names at once. A resolver starts once.
    void start();
    /// Waits for the thread, a fraction of a second at most even while name servers are silent. Does nothing when
    /// the resolver does not run.
    void stop();
    /// Waits until the first lookup of every name that was watched so far has ended, in success or failure; false when `most` is over before.
    bool wait_first(Duration most);

private:
    struct Name;

    void run();
    void take_changes();
    void begin_due(std::unique_ptr<ResolverChannel>& channel);
    void end_lookups();
    void count_first_end(Name& name);
    void settle(Name& name, const LookupResult& result);
    void wait_for_due();
    [[nodiscard]] bool is_stopping();

    ResolverSettings settings_;
    /// Used by the resolver's thread alone.
    std::vector<std::unique_ptr<Name>> names_;
    std::thread thread_;

    std::mutex mutex_;
    std::condition_variable changed_;
    /// Under the mutex: what both threads look at.
    bool is_stopping_ = false;
    std::size_t names_without_end_ = 0;
    std::vector<std::unique_ptr<Name>> added_;
    std::vector<Watch> removed_;
    Watch last_watch_ = 0;
};

}  // namespace sluice::net
