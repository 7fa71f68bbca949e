#include "platform/successor.hpp"

#include "windows/system_calls.hpp"

namespace sluice::platform {

struct Successor::State {};

Successor::Successor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Successor::~Successor() = default;

Result<std::unique_ptr<Successor>> Successor::start(const Program&) {
    return fail(system_error("an upgrade without a stop is not there on Windows yet",
                             std::make_error_code(std::errc::function_not_supported)));
}

std::uint64_t Successor::pid() const { return 0; }
Result<void> Successor::send(std::string_view, std::span<const NativeSocket>) { return {}; }
Result<std::optional<HandoverMessage>> Successor::receive(std::chrono::milliseconds) { return std::nullopt; }
std::string Successor::stop() { return {}; }
void Successor::let_go() {}

}  // namespace sluice::platform
