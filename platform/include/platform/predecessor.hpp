#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "platform/handover_message.hpp"

namespace sluice::platform {

/// The process that has started this one to take over from it, seen from here (platform/successor.hpp).
///
/// Threading: one thread.
class Predecessor {
public:
    /// nullptr when this process was started by something else. Finds it once: what this process starts does not.
    [[nodiscard]] static std::unique_ptr<Predecessor> find();
    Predecessor(const Predecessor&) = delete;
    Predecessor& operator=(const Predecessor&) = delete;
    ~Predecessor();

    [[nodiscard]] Result<void> send(std::string_view text);
    /// The next message; nullopt when none came in that time. Failure: the predecessor has ended.
    [[nodiscard]] Result<std::optional<HandoverMessage>> receive(std::chrono::milliseconds limit);

    /// Writes standard error to where the predecessor writes it, no longer through it.
    void take_standard_error();

private:
    struct State;
    explicit Predecessor(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::platform
