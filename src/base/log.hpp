#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };

/// One named value of a log line.
struct LogField {
    std::string_view name;
    std::string_view value;
};

/// Writes operational events, a line each: for people (optionally coloured) on a terminal, as JSON
/// otherwise. Values are escaped, so nothing that a client sends can break or forge a line.
///
/// Threading: any thread; a line is written by one call of the sink.
/// Failure:   a line that can't be written is dropped.
class Log {
public:
    /// JournalJson: JSON after a priority as systemd's journal takes it, "<3>{...}".
    enum class Format : std::uint8_t { Text, ColouredText, Json, JournalJson };
    using Sink = std::function<void(LogLevel level, std::string_view line)>;

    Log(Format format, LogLevel least, Sink sink) : format_(format), least_(least), sink_(std::move(sink)) {}
    Log(const Log& other) : format_(other.format_), least_(other.least()), sink_(other.sink_) {}
    Log& operator=(const Log&) = delete;

    /// To standard error: text when it is a terminal (the caller knows), JSON lines otherwise.
    [[nodiscard]] static Log to_stderr(Format format, LogLevel least);

    void write(LogLevel level, std::string_view message,
               std::initializer_list<LogField> fields = {}) const;

    void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(LogLevel::Debug, message, fields);
    }
    void info(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(LogLevel::Info, message, fields);
    }
    void warn(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(LogLevel::Warn, message, fields);
    }
    void error(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(LogLevel::Error, message, fields);
    }

    [[nodiscard]] bool is_enabled(LogLevel level) const { return level >= least(); }

    /// The least important level that is still written. A switch that can be turned while others write, any thread; also
    /// of a log that is const for those who only write.
    [[nodiscard]] LogLevel least() const { return least_.load(std::memory_order_relaxed); }
    void set_least(LogLevel level) const { least_.store(level, std::memory_order_relaxed); }

private:
    Format format_;
    mutable std::atomic<LogLevel> least_;
    Sink sink_;
};

/// Appends the time as RFC 3339 in UTC with milliseconds: 2026-11-24T12:00:00.123Z.
void append_utc_time(std::string& out, std::int64_t milliseconds_since_epoch);

/// Now, in milliseconds since 1970-01-01 UTC.
[[nodiscard]] std::int64_t wall_clock_milliseconds();

}  // namespace sluice
