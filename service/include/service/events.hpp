#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::service {

// What administrators look for in the place where their system collects such things: the Event Log of Windows. Elsewhere the
// lines of standard error are collected, and these calls do nothing. On a console they do nothing either.
//
// Threading: any thread.

enum class Severity : std::uint8_t { Info, Warning, Error };

/// An entry of its own.
void record_event(Severity severity, std::string_view text);

/// Keeps why the process is about to fail: Lifecycle::ended tells all that was noted. For reasons that come up where no
/// life cycle is at hand.
void note_failure(std::string_view reason);

}  // namespace sluice::service
