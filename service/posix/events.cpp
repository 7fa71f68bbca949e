#include "service/events.hpp"

namespace sluice::service {

void record_event(Severity, std::string_view) {}

void note_failure(std::string_view) {}

}  // namespace sluice::service
