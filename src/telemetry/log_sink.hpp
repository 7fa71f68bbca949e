#pragma once

#include <cstddef>
#include <string>

namespace sluice::telemetry {

/// Takes whole lines of an access log, several at a time.
///
/// Threading: any thread.
/// Failure:   lines that can't be taken at once are refused; the caller counts them.
class LogSink {
public:
    LogSink() = default;
    LogSink(const LogSink&) = delete;
    LogSink& operator=(const LogSink&) = delete;
    virtual ~LogSink() = default;

    /// Takes the lines and leaves an empty string, with memory to write on where it has some; false
    /// when it took nothing.
    [[nodiscard]] virtual bool take(std::string& lines) = 0;

    /// Lines are for people on a terminal, not for programs.
    [[nodiscard]] virtual bool wants_text() const { return false; }
};

}  // namespace sluice::telemetry
