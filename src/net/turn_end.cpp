#include "net/turn_end.hpp"

#include "platform/reactor.hpp"

namespace sluice::net {

void TurnEnd::ask() {
    if (is_asked_) return;
    is_asked_ = true;
    ++worker_.asked_turn_ends_;
    previous_ = worker_.last_turn_end_;
    (previous_ == nullptr ? worker_.first_turn_end_ : previous_->next_) = this;
    worker_.last_turn_end_ = this;
    worker_.reactor().end_turn_soon();
}

void TurnEnd::cancel() {
    if (!is_asked_) return;
    is_asked_ = false;
    --worker_.asked_turn_ends_;
    (previous_ == nullptr ? worker_.first_turn_end_ : previous_->next_) = next_;
    (next_ == nullptr ? worker_.last_turn_end_ : next_->previous_) = previous_;
    previous_ = next_ = nullptr;
}

}  // namespace sluice::net
