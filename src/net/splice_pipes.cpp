#include "net/splice_pipes.hpp"

#include <utility>

namespace sluice::net {

SplicePipes::Lent SplicePipes::take() {
    if (!may_have_any()) return Lent(nullptr, Return(this));
    std::unique_ptr<platform::SplicePipe> pipe;
    if (free_.empty()) {
        pipe = std::make_unique<platform::SplicePipe>();
        if (!pipe->open()) return Lent(nullptr, Return(this));
    } else {
        pipe = std::move(free_.back());
        free_.pop_back();
    }
    ++lent_;
    return Lent(pipe.release(), Return(this));
}

void SplicePipes::give_back(platform::SplicePipe* pipe) {
    std::unique_ptr<platform::SplicePipe> returned(pipe);
    --lent_;
    // What is left of a message that was broken off must not come into another.
    if (returned->held_bytes() == 0) free_.push_back(std::move(returned));
}

}  // namespace sluice::net
