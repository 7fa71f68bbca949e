#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "config/model.hpp"

namespace sluice::proxy {

/// Points in the life of a request at which the time is noted.
enum class Stage : std::uint8_t {
    Accepted,
    HeadComplete,
    Routed,
    UpstreamConnected,
    FirstByte,
    Done
};
inline constexpr std::size_t stage_count = 6;

/// What happened to a request, for the access log and the metrics.
enum class ContextFlag : std::uint16_t {
    ReusedUpstream = 1U << 0U,
    Retried = 1U << 1U,
    ClientGone = 1U << 2U,
    UpstreamFailed = 1U << 3U,
    TimedOut = 1U << 4U,
    Upgraded = 1U << 5U,
    AnsweredHere = 1U << 6U,
};

/// The key to a filter's own state in each request's context. Got from StateLayout::add.
template <typename T>
class StateSlot {
public:
    [[nodiscard]] std::uint32_t index() const { return index_; }

private:
    friend class StateLayout;
    explicit StateSlot(std::uint32_t index) : index_(index) {}
    std::uint32_t index_;
};

/// Which filter keeps what in a request's context: filled at composition, then unchanging, so that
/// a slot is a fixed offset and a request looks nothing up by name or type.
///
/// Threading: filled by one thread before the workers start, then shared read-only.
/// Lifetime:  outlives every pool made with it.
class StateLayout {
public:
    static constexpr std::size_t max_slots = 32;

    /// Registers a state of type T; nullopt when max_slots are taken.
    template <typename T>
    [[nodiscard]] std::optional<StateSlot<T>> add();

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    friend class StateStorage;
    struct Entry {
        std::size_t offset;
        void (*destroy)(void*) noexcept;
    };
    std::vector<Entry> entries_;
    std::size_t bytes_ = 0;
};

/// The states of one request: one block of memory, taken when the first state is asked for and kept
/// over reset, and a bit for every slot that holds an object.
class StateStorage {
public:
    explicit StateStorage(const StateLayout* layout) : layout_(layout) {}
    StateStorage(const StateStorage&) = delete;
    StateStorage& operator=(const StateStorage&) = delete;
    ~StateStorage();

    template <typename T>
    [[nodiscard]] T& get(StateSlot<T> slot);
    template <typename T>
    [[nodiscard]] T* find(StateSlot<T> slot);

    void clear() noexcept {
        if (constructed_ != 0) destroy_all();
    }

private:
    [[nodiscard]] std::byte* place(std::uint32_t index);
    void destroy_all() noexcept;

    const StateLayout* layout_;
    std::byte* block_ = nullptr;
    /// A bit for each slot that holds an object.
    std::uint32_t constructed_ = 0;
};

/// Everything that is known about one request besides its head and its body: what stages it reached
/// and when, where it went, how much went through, and what filters remember. Small and pooled,
/// because a busy worker holds one per request under way.
///
/// Threading: owned by one worker.
/// Lifetime:  the views and pointers set here belong to the session and its configuration snapshot,
/// and
///            must outlive the request. Reset keeps the memory of the state slots.
class RequestContext {
public:
    explicit RequestContext(const StateLayout* layout = nullptr) : states_(layout) {
        forget_stages();
    }

    /// The first stage; the others are kept as microseconds from here.
    void begin(TimePoint accepted) noexcept {
        base_ = accepted;
        begun_ = true;
    }

    /// Notes that a stage was reached. Accepted may be given here too. What is later than about 71
    /// minutes after Accepted is noted as that.
    void mark(Stage stage, TimePoint now) noexcept;

    [[nodiscard]] bool reached(Stage stage) const noexcept;
    /// The time of a stage to the microsecond; nullopt when it was not reached.
    [[nodiscard]] std::optional<TimePoint> time_of(Stage stage) const noexcept;
    /// From one stage to another; nullopt unless both were reached.
    [[nodiscard]] std::optional<std::chrono::microseconds> between(Stage from,
                                                                   Stage to) const noexcept;

    void set_route(const config::Route* route, std::uint32_t index) noexcept {
        route_ = route;
        route_index_ = index;
    }
    /// nullptr until a route is found.
    [[nodiscard]] const config::Route* route() const noexcept { return route_; }
    [[nodiscard]] std::uint32_t route_index() const noexcept { return route_index_; }

    void set_request_id(std::string_view id) noexcept { request_id_ = id; }
    [[nodiscard]] std::string_view request_id() const noexcept { return request_id_; }

    void add_received(std::uint64_t bytes) noexcept { bytes_received_ += bytes; }
    void add_sent(std::uint64_t bytes) noexcept { bytes_sent_ += bytes; }
    /// From the client and to the client, heads included.
    [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_received_; }
    [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }

    void set(ContextFlag flag) noexcept {
        flags_ = static_cast<std::uint16_t>(flags_ | std::to_underlying(flag));
    }
    [[nodiscard]] bool has(ContextFlag flag) const noexcept {
        return (flags_ & std::to_underlying(flag)) != 0;
    }

    /// A filter's state in this request, made by its default constructor at the first call.
    template <typename T>
    [[nodiscard]] T& state(StateSlot<T> slot) {
        return states_.get(slot);
    }
    /// The same, or nullptr when nobody asked for it yet.
    template <typename T>
    [[nodiscard]] T* find_state(StateSlot<T> slot) {
        return states_.find(slot);
    }

    /// Ready for the next request: states are destroyed, memory is kept.
    void reset() noexcept;

private:
    friend class ContextPool;
    static constexpr std::uint32_t not_reached = std::numeric_limits<std::uint32_t>::max();

    void forget_stages() noexcept { offsets_.fill(not_reached); }

    TimePoint base_{};
    /// Microseconds from base_, for the stages after Accepted.
    std::array<std::uint32_t, stage_count - 1> offsets_;
    std::uint32_t route_index_ = 0;
    const config::Route* route_ = nullptr;
    std::string_view request_id_;
    std::uint64_t bytes_received_ = 0;
    std::uint64_t bytes_sent_ = 0;
    std::uint16_t flags_ = 0;
    bool begun_ = false;
    /// Set by the pool: lies in a slab, or is one too many and is freed at release.
    bool pooled_ = false;
    StateStorage states_;
    /// The pool's list of free contexts.
    RequestContext* next_free_ = nullptr;
};

// Templates and inline bodies.

template <typename T>
std::optional<StateSlot<T>> StateLayout::add() {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                  "states are kept in plain new memory");
    static_assert(std::is_nothrow_destructible_v<T>);
    if (entries_.size() == max_slots) return std::nullopt;
    const std::size_t offset = (bytes_ + alignof(T) - 1) / alignof(T) * alignof(T);
    entries_.push_back({offset, [](void* state) noexcept { static_cast<T*>(state)->~T(); }});
    bytes_ = offset + sizeof(T);
    return StateSlot<T>(static_cast<std::uint32_t>(entries_.size() - 1));
}

inline StateStorage::~StateStorage() {
    clear();
    ::operator delete(block_);
}

inline std::byte* StateStorage::place(std::uint32_t index) {
    return block_ + layout_->entries_[index].offset;
}

template <typename T>
T& StateStorage::get(StateSlot<T> slot) {
    if (T* existing = find(slot)) return *existing;
    if (block_ == nullptr) block_ = static_cast<std::byte*>(::operator new(layout_->bytes()));
    T* made = ::new (static_cast<void*>(place(slot.index()))) T();
    constructed_ |= 1U << slot.index();
    return *made;
}

template <typename T>
T* StateStorage::find(StateSlot<T> slot) {
    if ((constructed_ & (1U << slot.index())) == 0) return nullptr;
    return std::launder(reinterpret_cast<T*>(place(slot.index())));
}

inline void StateStorage::destroy_all() noexcept {
    for (std::uint32_t i = 0; constructed_ != 0; ++i, constructed_ >>= 1U) {
        if ((constructed_ & 1U) != 0) layout_->entries_[i].destroy(place(i));
    }
}

inline void RequestContext::mark(Stage stage, TimePoint now) noexcept {
    if (stage == Stage::Accepted || !begun_) begin(now);
    if (stage == Stage::Accepted) return;
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - base_).count();
    const auto clamped = std::clamp<std::int64_t>(passed, 0, not_reached - 1);
    offsets_[std::to_underlying(stage) - 1U] = static_cast<std::uint32_t>(clamped);
}

inline bool RequestContext::reached(Stage stage) const noexcept {
    if (stage == Stage::Accepted) return begun_;
    return offsets_[std::to_underlying(stage) - 1U] != not_reached;
}

inline std::optional<TimePoint> RequestContext::time_of(Stage stage) const noexcept {
    if (!reached(stage)) return std::nullopt;
    if (stage == Stage::Accepted) return base_;
    return base_ + std::chrono::microseconds(offsets_[std::to_underlying(stage) - 1U]);
}

inline std::optional<std::chrono::microseconds> RequestContext::between(Stage from,
                                                                        Stage to) const noexcept {
    const auto start = time_of(from);
    const auto end = time_of(to);
    if (!start || !end) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::microseconds>(*end - *start);
}

inline void RequestContext::reset() noexcept {
    states_.clear();
    base_ = {};
    forget_stages();
    route_index_ = 0;
    route_ = nullptr;
    request_id_ = {};
    bytes_received_ = 0;
    bytes_sent_ = 0;
    flags_ = 0;
    begun_ = false;
}

}  // namespace sluice::proxy
