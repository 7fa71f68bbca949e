#pragma once

#include <memory>
#include <string_view>

#include "app/inheritance.hpp"
#include "base/result.hpp"
#include "platform/predecessor.hpp"

namespace sluice::app {

/// What the two processes of an upgrade tell each other, in this order. The old one leads.
namespace upgrade_word {
/// With the version of this language: then a message for each listener, and the end of them.
inline constexpr std::string_view hello = "sluice upgrade 1";
inline constexpr std::string_view end_of_listeners = "end";
/// The new one: all is there but that it does not accept yet.
inline constexpr std::string_view prepared = "prepared";
/// The old one accepts no more: connections wait in the sockets.
inline constexpr std::string_view go = "go";
/// The new one accepts.
inline constexpr std::string_view ready = "ready";
/// The old one has closed its sockets and will not be back.
inline constexpr std::string_view done = "done";
}  // namespace upgrade_word

/// The new process's part of an upgrade.
///
/// Threading: the main thread.
class Takeover {
public:
    /// nullptr when this process was not started for an upgrade.
    [[nodiscard]] static std::unique_ptr<Takeover> find();

    [[nodiscard]] Result<Inheritance> receive_listeners();
    /// Everything is prepared: returns when it is time to accept.
    [[nodiscard]] Result<void> await_turn();
    /// This process accepts: returns when the old one has left the listeners. Failure: it wants them back.
    [[nodiscard]] Result<void> finish();

private:
    explicit Takeover(std::unique_ptr<platform::Predecessor> predecessor) : predecessor_(std::move(predecessor)) {}
    [[nodiscard]] Result<platform::HandoverMessage> receive();
    [[nodiscard]] Result<void> await_word(std::string_view word);

    std::unique_ptr<platform::Predecessor> predecessor_;
};

}  // namespace sluice::app
