#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "http/message.hpp"

namespace sluice::proxy {

/// Memory that one request needs while it is under way and that the next may use again: parsed heads, the
/// normalised path, values made by filters. Kept apart from the session, so that an idle connection
/// holds none of it.
struct Scratch {
    // What every request touches comes first.
    http::RequestHead request;
    http::ResponseHead response;
    std::string path;
    /// What has been read of a request body and may have to be sent again.
    std::string replay;
    Arena arena;
    std::string rewritten;
    /// Trailers of the request, as far as they may go on.
    std::string trailers;
};

/// A worker's scratches, kept for reuse.
///
/// Threading: one worker.
class ScratchPool {
public:
    struct Return {
        ScratchPool* pool;
        void operator()(Scratch* scratch) const { pool->give_back(scratch); }
    };
    using Lease = std::unique_ptr<Scratch, Return>;

    [[nodiscard]] Lease lease() {
        if (free_.empty()) return Lease(new Scratch, Return{this});
        Scratch* const scratch = free_.back().release();
        free_.pop_back();
        return Lease(scratch, Return{this});
    }

private:
    void give_back(Scratch* scratch) {
        scratch->arena.reset();
        free_.emplace_back(scratch);
    }

    std::vector<std::unique_ptr<Scratch>> free_;
};

}  // namespace sluice::proxy
