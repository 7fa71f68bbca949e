#include "base/log.hpp"

#include <array>
#include <chrono>
#include <cstdio>

#include "base/text.hpp"

namespace sluice {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 4> level_colours{"\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};
/// syslog(3)'s: debug, info, warning, err.
constexpr std::array<std::string_view, 4> journal_priorities{"<7>", "<6>", "<4>", "<3>"};
constexpr std::string_view colour_off = "\x1b[0m";

void write_to_stderr(LogLevel, std::string_view line) {
    // One call a line: the C library locks the stream for its length.
    std::fwrite(line.data(), 1, line.size(), stderr);
    // Windows' C library may keep what goes to a pipe or a file.
    std::fflush(stderr);
}

void append_padded(std::string& out, std::int64_t value, int width) {
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "%0*lld", width, static_cast<long long>(value));
    out.append(digits.data());
}

bool needs_quotes(std::string_view value) {
    return value.empty() || value.find_first_of(" \"=") != std::string_view::npos;
}

std::string text_line(LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields, bool coloured) {
    const auto index = static_cast<std::size_t>(level);
    std::string line;
    append_utc_time(line, wall_clock_milliseconds());
    line.push_back(' ');
    if (coloured) line.append(level_colours[index]);
    line.append(level_names[index]);
    if (coloured) line.append(colour_off);
    line.append(level_names[index].size() < 5 ? "  " : " ");
    append_printable(line, message);
    for (const LogField& field : fields) {
        line.append("  ").append(field.name).push_back('=');
        if (needs_quotes(field.value)) {
            append_json_string(line, field.value);
        } else {
            append_printable(line, field.value);
        }
    }
    line.push_back('\n');
    return line;
}

std::string json_line(LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
    std::string line = R"({"time":")";
    append_utc_time(line, wall_clock_milliseconds());
    line.append(R"(","level":")").append(level_names[static_cast<std::size_t>(level)]);
    line.append(R"(","message":)");
    append_json_string(line, message);
    for (const LogField& field : fields) {
        line.push_back(',');
        append_json_string(line, field.name);
        line.push_back(':');
        append_json_string(line, field.value);
    }
    line.append("}\n");
    return line;
}

}  // namespace

Log Log::to_stderr(Format format, LogLevel least) { return {format, least, write_to_stderr}; }

void Log::write(LogLevel level, std::string_view message,
                std::initializer_list<LogField> fields) const {
    if (!is_enabled(level)) return;
    const bool is_json = format_ == Format::Json || format_ == Format::JournalJson;
    std::string line = is_json ? json_line(level, message, fields)
                               : text_line(level, message, fields, format_ == Format::ColouredText);
    if (format_ == Format::JournalJson) line.insert(0, journal_priorities[static_cast<std::size_t>(level)]);
    sink_(level, line);
}

void append_utc_time(std::string& out, std::int64_t milliseconds_since_epoch) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds{milliseconds_since_epoch}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    append_padded(out, int{date.year()}, 4);
    out.push_back('-');
    append_padded(out, unsigned{date.month()}, 2);
    out.push_back('-');
    append_padded(out, unsigned{date.day()}, 2);
    out.push_back('T');
    append_padded(out, clock.hours().count(), 2);
    out.push_back(':');
    append_padded(out, clock.minutes().count(), 2);
    out.push_back(':');
    append_padded(out, clock.seconds().count(), 2);
    out.push_back('.');
    append_padded(out, clock.subseconds().count(), 3);
    out.push_back('Z');
}

std::int64_t wall_clock_milliseconds() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace sluice
