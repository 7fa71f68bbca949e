#include "app/takeover.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace sluice::app {
namespace {

/// The old process does nothing else meanwhile.
constexpr std::chrono::seconds patience{15};

Failure unexpected_word(std::string_view wanted, std::string_view got) {
    return fail(system_error("the process before says \"" + std::string(got) + "\" instead of \"" + std::string(wanted) +
                                 "\": its version can't be upgraded to this one; stop it and start this one",
                             {}));
}

}  // namespace

std::unique_ptr<Takeover> Takeover::find() {
    std::unique_ptr<platform::Predecessor> predecessor = platform::Predecessor::find();
    return predecessor ? std::unique_ptr<Takeover>(new Takeover(std::move(predecessor))) : nullptr;
}

Result<platform::HandoverMessage> Takeover::receive() {
    Result<std::optional<platform::HandoverMessage>> message = predecessor_->receive(patience);
    if (!message) return fail(std::move(message.error()));
    if (message->has_value()) return std::move(**message);
    return fail(system_error("the process before says nothing", std::make_error_code(std::errc::timed_out)));
}

Result<void> Takeover::await_word(std::string_view word) {
    const Result<platform::HandoverMessage> message = receive();
    if (!message) return fail(message.error());
    if (message->text != word) return unexpected_word(word, message->text);
    return {};
}

Result<Inheritance> Takeover::receive_listeners() {
    Result<void> hello = await_word(upgrade_word::hello);
    if (!hello) return fail(std::move(hello.error()));
    Inheritance inheritance;
    for (;;) {
        Result<platform::HandoverMessage> message = receive();
        if (!message) return fail(std::move(message.error()));
        if (message->text == upgrade_word::end_of_listeners) return inheritance;
        Result<void> added = inheritance.add(std::move(*message));
        if (!added) return fail(std::move(added.error()));
    }
}

Result<void> Takeover::await_turn() {
    Result<void> sent = predecessor_->send(upgrade_word::prepared);
    if (!sent) return sent;
    Result<void> turn = await_word(upgrade_word::go);
    if (turn) predecessor_->take_standard_error();
    return turn;
}

Result<void> Takeover::finish() {
    Result<void> sent = predecessor_->send(upgrade_word::ready);
    return sent ? await_word(upgrade_word::done) : sent;
}

}  // namespace sluice::app
