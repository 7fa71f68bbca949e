#include "net/resolver.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/name_lookup.hpp"
#include "net/resolver_channel.hpp"

namespace sluice::net {
namespace {

/// The longest wait on sockets, after which the thread looks whether it is to stop.
constexpr std::chrono::milliseconds slice{100};

}  // namespace

/// A watched name. The resolver's thread alone.
struct Resolver::Name {
    Query query;
    Callback on_change;
    /// While a lookup is under way.
    std::unique_ptr<NameLookup> lookup;
    /// The lookup's end, until the name's owner is told.
    std::optional<LookupResult> ended;
    TimePoint due{};
    /// As the owner was told last.
    std::vector<ResolvedAddress> addresses;
    bool has_succeeded = false;
    bool has_ended_once = false;
    /// In a row.
    std::uint32_t failures = 0;
};

Resolver::Resolver(ResolverSettings settings) : settings_(std::move(settings)) {}

Resolver::~Resolver() { stop(); }

void Resolver::watch(Query query, Callback on_change) {
    auto name = std::make_unique<Name>();
    name->query = std::move(query);
    name->on_change = std::move(on_change);
    names_.push_back(std::move(name));
}

void Resolver::start() {
    names_without_end_ = names_.size();
    thread_ = std::thread([this] { run(); });
}

void Resolver::stop() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

bool Resolver::wait_first(Duration most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [this] { return names_without_end_ == 0; });
}

bool Resolver::is_stopping() {
    const std::lock_guard lock(mutex_);
    return is_stopping_;
}

void Resolver::run() {
    std::unique_ptr<ResolverChannel> channel;
    while (!is_stopping()) {
        begin_due(channel);
        if (channel && !channel->is_idle()) channel->process(slice);
        end_lookups();
        if (channel && channel->is_idle()) channel.reset();
        if (!channel) wait_for_due();
    }
    // Before the lookups that it would answer.
    channel.reset();
    for (const std::unique_ptr<Name>& name : names_) name->lookup.reset();
}

void Resolver::begin_due(std::unique_ptr<ResolverChannel>& channel) {
    const TimePoint now = Clock::now();
    for (const std::unique_ptr<Name>& name : names_) {
        if (name->lookup || name->due > now) continue;
        if (!channel) channel = std::make_unique<ResolverChannel>(settings_);
        name->lookup = std::make_unique<NameLookup>(
            name->query, [&ended = name->ended](LookupResult result) { ended = std::move(result); });
        name->lookup->start(*channel);
    }
}

void Resolver::end_lookups() {
    for (const std::unique_ptr<Name>& name : names_) {
        if (!name->ended) continue;
        name->lookup.reset();
        settle(*name, *std::exchange(name->ended, std::nullopt));
        if (std::exchange(name->has_ended_once, true)) continue;
        {
            const std::lock_guard lock(mutex_);
            --names_without_end_;
        }
        changed_.notify_all();
    }
}

void Resolver::settle(Name& name, const LookupResult& result) {
    const Resolution& resolution = result.resolution;
    const bool has_failed = !resolution.error.empty();
    const bool has_news = has_failed || !name.has_succeeded || name.failures != 0 || name.addresses != resolution.addresses;
    name.failures = has_failed ? name.failures + 1 : 0;
    name.due = Clock::now() + (has_failed ? retry_delay(settings_, name.failures) : refresh_delay(settings_, result.ttl));
    if (!has_failed) {
        name.has_succeeded = true;
        name.addresses = resolution.addresses;
    }
    if (has_news) name.on_change(resolution);
}

void Resolver::wait_for_due() {
    std::unique_lock lock(mutex_);
    const auto stopping = [this] { return is_stopping_; };
    if (names_.empty()) return changed_.wait(lock, stopping);
    const auto next = std::ranges::min_element(names_, {}, [](const auto& name) { return name->due; });
    changed_.wait_until(lock, (*next)->due, stopping);
}

}  // namespace sluice::net
