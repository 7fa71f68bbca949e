#pragma once

#include <functional>
#include <vector>

#include "net/resolver_channel.hpp"

namespace sluice::net {

/// What became of a lookup, and for how long it holds.
struct LookupResult {
    Resolution resolution;
    std::chrono::seconds ttl{0};
};

/// One lookup of a query: a single question for a host; for SRV records also one for each target.
///
/// A target that does not exist is left out; one that nobody can tell about fails the whole, so that a broken name server
/// takes no endpoint away.
///
/// Threading: the channel's thread.
/// Lifetime:  outlives the channel's questions, so the channel goes first when it ends early.
class NameLookup {
public:
    /// `on_end` is called once, perhaps within `start`.
    NameLookup(const Query& query, std::function<void(LookupResult)> on_end);
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

    void start(ResolverChannel& channel);

private:
    void take_host(const HostAnswer& answer);
    void take_srv(SrvAnswer answer, ResolverChannel& channel);
    void take_target(const SrvRecord& record, const HostAnswer& answer);
    void add(const HostAnswer& answer, const ResolvedAddress& pattern);
    void end();
    void end_with(std::string error);

    const Query& query_;
    std::function<void(LookupResult)> on_end_;
    std::vector<SrvRecord> records_;
    /// Targets without an answer yet.
    std::size_t open_targets_ = 0;
    /// The first reason why a target has no address, and of one that failed.
    std::string missing_;
    std::string failed_;
    LookupResult result_;
};

}  // namespace sluice::net
