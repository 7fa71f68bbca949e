#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/handover_message.hpp"
#include "platform/program.hpp"

namespace sluice::platform {

/// A process that this one has started to take over what it does (an upgrade of the binary), seen from here; platform/predecessor.hpp is the
/// other end. It inherits the working directory, the environment, standard input and output, and nothing else that is open
/// here. What it writes to its standard error is passed on to ours until it takes that over itself.
///
/// Threading: one thread. The signal of broken pipes is ignored by then (platform/signals.hpp).
/// Lifetime:  the destructor stops a process that was not let go.
class Successor {
public:
    /// Failure: the program can't be started.
    [[nodiscard]] static Result<std::unique_ptr<Successor>> start(const Program& program);
    Successor(const Successor&) = delete;
    Successor& operator=(const Successor&) = delete;
    ~Successor();

    [[nodiscard]] std::uint64_t pid() const;

    /// Sends a message. The sockets stay open here too. Failure: it has ended, or takes nothing for several seconds.
    [[nodiscard]] Result<void> send(std::string_view text, std::span<const NativeSocket> sockets = {});
    /// The next message; nullopt when none came in that time. Failure: it has ended, and says how.
    [[nodiscard]] Result<std::optional<HandoverMessage>> receive(std::chrono::milliseconds limit);

    /// Kills it if it still runs, waits for its end, and yields the end of what it has written to its standard error, at most
    /// 4 KiB.
    [[nodiscard]] std::string stop();

    /// From now on it lives on by itself.
    void let_go();

private:
    struct State;
    explicit Successor(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::platform
