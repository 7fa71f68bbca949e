#include "platform/predecessor.hpp"

namespace sluice::platform {

struct Predecessor::State {};

Predecessor::Predecessor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Predecessor::~Predecessor() = default;

std::unique_ptr<Predecessor> Predecessor::find() { return nullptr; }
Result<void> Predecessor::send(std::string_view) { return {}; }
Result<std::optional<HandoverMessage>> Predecessor::receive(std::chrono::milliseconds) { return std::nullopt; }
void Predecessor::take_standard_error() {}

}  // namespace sluice::platform
