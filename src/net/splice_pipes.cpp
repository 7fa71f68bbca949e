#include "net/splice_pipes.hpp"

#include <utility>

namespace sluice::net {
namespace {

constexpr std::chrono::seconds pause{1};

}  // namespace

SplicePipes::Lent SplicePipes::take(TimePoint now) {
    std::unique_ptr<platform::SplicePipe> pipe;
    if (!free_.empty()) {
        pipe = std::move(free_.back());
        free_.pop_back();
    } else {
        pipe = open(now);
    }
    if (pipe) ++lent_;
    return Lent(pipe.release(), Return(this));
}

std::unique_ptr<platform::SplicePipe> SplicePipes::open(TimePoint now) {
    if (!may_have_any() || now < next_open_) return nullptr;
    auto pipe = std::make_unique<platform::SplicePipe>();
    if (pipe->open()) return pipe;
    next_open_ = now + pause;
    return nullptr;
}

void SplicePipes::give_back(platform::SplicePipe* pipe) {
    std::unique_ptr<platform::SplicePipe> returned(pipe);
    --lent_;
    // What is left of a message that was broken off must not come into another.
    if (returned->held_bytes() == 0 && !is_given_up_ && free_.size() < most_kept) free_.push_back(std::move(returned));
}

}  // namespace sluice::net
