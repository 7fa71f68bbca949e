#pragma once

#include "net/worker.hpp"

namespace sluice::net {

/// Runs a call once, behind the events that are ready already, however often it is asked for: what many of them add to is sent in one piece.
///
/// Threading: one worker.
/// Lifetime:  of `self`: until this is destroyed, which takes the call back.
class TurnEnd {
public:
    using Call = void (*)(void* self);

    TurnEnd(Worker& worker, Call call, void* self) : worker_(worker), call_(call), self_(self) {}
    TurnEnd(const TurnEnd&) = delete;
    TurnEnd& operator=(const TurnEnd&) = delete;
    ~TurnEnd() { cancel(); }

    void ask();
    void cancel();
    [[nodiscard]] bool is_asked() const { return is_asked_; }

private:
    friend class Worker;

    Worker& worker_;
    Call call_;
    void* self_;
    /// The list of those that were asked for.
    TurnEnd* previous_ = nullptr;
    TurnEnd* next_ = nullptr;
    bool is_asked_ = false;
};

}  // namespace sluice::net
