#include "service/lifecycle.hpp"

namespace sluice::service {

Lifecycle::~Lifecycle() = default;
void Lifecycle::listen(platform::SignalHandlers) {}
Result<void> Lifecycle::starting(std::string_view) { return {}; }
Result<void> Lifecycle::ready(std::string_view) { return {}; }
Result<void> Lifecycle::reloading() { return {}; }
Result<void> Lifecycle::reloaded(std::string_view) { return {}; }
Result<void> Lifecycle::stopping(std::chrono::milliseconds) { return {}; }
Result<void> Lifecycle::ended(int, std::string_view) { return {}; }

}  // namespace sluice::service
