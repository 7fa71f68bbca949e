#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "platform/splice_pipe.hpp"

namespace sluice::net {

/// A worker's pipes for bodies that pass unread, a few kept for reuse. Each takes two descriptors and 64 pages of what the system grants a
/// user other than root (pipe(7)), so there are not many: whoever gets none copies. Bytes that move take a pipe for a moment; one stays with
/// each receiver that does not take them just now.
///
/// Threading: one worker.
/// Lifetime:  outlives what it has lent.
class SplicePipes {
public:
    class Return {
    public:
        explicit Return(SplicePipes* pipes = nullptr) : pipes_(pipes) {}
        void operator()(platform::SplicePipe* pipe) const { pipes_->give_back(pipe); }

    private:
        SplicePipes* pipes_;
    };
    using Lent = std::unique_ptr<platform::SplicePipe, Return>;

    SplicePipes() = default;
    SplicePipes(const SplicePipes&) = delete;
    SplicePipes& operator=(const SplicePipes&) = delete;

    /// An empty pipe; nullptr when there is none to be had. Where the system has just had none, it is not asked again for a second.
    [[nodiscard]] Lent take(TimePoint now);
    /// The system does not let us splice: there are none any more.
    void give_up() {
        is_given_up_ = true;
        free_.clear();
    }
    [[nodiscard]] bool may_have_any() const { return platform::SplicePipe::is_supported && !is_given_up_ && lent_ != most; }

    static constexpr std::size_t most = 32;
    static constexpr std::size_t most_kept = 4;

private:
    [[nodiscard]] std::unique_ptr<platform::SplicePipe> open(TimePoint now);
    void give_back(platform::SplicePipe* pipe);

    std::vector<std::unique_ptr<platform::SplicePipe>> free_;
    std::size_t lent_ = 0;
    bool is_given_up_ = false;
    TimePoint next_open_;
};

}  // namespace sluice::net
