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
    Watch watch = 0;
    /// Nobody wants it any more; it goes when no lookup is under way.
    bool is_gone = false;
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

Resolver::Watch Resolver::watch(Query query, Callback on_change) {
    auto name = std::make_unique<Name>();
    name->query = std::move(query);
    name->on_change = std::move(on_change);
    const std::lock_guard lock(mutex_);
    const Watch watch = ++last_watch_;
    name->watch = watch;
    added_.push_back(std::move(name));
    ++names_without_end_;
    changed_.notify_all();
    return watch;
}

void Resolver::unwatch(Watch watch) {
    const std::lock_guard lock(mutex_);
    removed_.push_back(watch);
    changed_.notify_all();
}

/// Takes in what was watched and unwatched meanwhile.
void Resolver::take_changes() {
    std::unique_lock lock(mutex_);
    for (std::unique_ptr<Name>& name : added_) names_.push_back(std::move(name));
    added_.clear();
    const std::vector<Watch> removed = std::exchange(removed_, {});
    lock.unlock();
    for (const Watch watch : removed) {
        const auto name = std::ranges::find(names_, watch, [](const auto& one) { return one->watch; });
        if (name != names_.end()) (*name)->is_gone = true;
    }
    for (const std::unique_ptr<Name>& name : names_) {
        if (name->is_gone && !name->lookup) count_first_end(*name);
    }
    std::erase_if(names_, [](const auto& name) { return name->is_gone && !name->lookup; });
}

/// Whoever waits for first lookups waits for one less.
void Resolver::count_first_end(Name& name) {
    if (std::exchange(name.has_ended_once, true)) return;
    {
        const std::lock_guard lock(mutex_);
        --names_without_end_;
    }
    changed_.notify_all();
}

void Resolver::start() {
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
        take_changes();
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
        if (name->lookup || name->is_gone || name->due > now) continue;
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
        const LookupResult result = *std::exchange(name->ended, std::nullopt);
        if (!name->is_gone) settle(*name, result);
        count_first_end(*name);
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
    const auto has_news = [this] { return is_stopping_ || !added_.empty() || !removed_.empty(); };
    if (names_.empty()) return changed_.wait(lock, has_news);
    const auto next = std::ranges::min_element(names_, {}, [](const auto& name) { return name->due; });
    changed_.wait_until(lock, (*next)->due, has_news);
}

}  // namespace sluice::net
