#include "base/log.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

using namespace sluice;

namespace {

std::string& written() {
    static std::string lines;
    return lines;
}

void write(LogLevel, std::string_view line) {
    written().append(line);
}

Log log_as(Log::Format format, LogLevel least = LogLevel::Debug) {
    written().clear();
    return {format, least, write};
}

/// The line without its time, which comes first.
std::string after_time(std::string_view line) {
    return std::string(line.substr(line.find(' ') + 1));
}

}  // namespace

TEST_CASE("A time is written in UTC with milliseconds", "[base]") {
    const auto [milliseconds, text] = GENERATE(table<std::int64_t, std::string>({
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {951'782'400'000, "2000-02-29T00:00:00.000Z"},
        {1'709'251'199'999, "2024-02-29T23:59:59.999Z"},
        {1'763'985'600'123, "2025-11-24T12:00:00.123Z"},
        {4'102'444'800'000, "2100-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
    }));
    std::string out = "at ";
    append_utc_time(out, milliseconds);
    CHECK(out == "at " + text);
}

TEST_CASE("The wall clock is in this century", "[base]") {
    CHECK(wall_clock_milliseconds() > 1'700'000'000'000);
    CHECK(wall_clock_milliseconds() < 4'102'444'800'000);
}

TEST_CASE("A text line has level, message and fields", "[base]") {
    log_as(Log::Format::Text)
        .info("listening", {{"address", "127.0.0.1:80"}, {"name", "my web"}, {"none", ""}});
    CHECK(after_time(written()) ==
          "info  listening  address=127.0.0.1:80  name=\"my web\"  none=\"\"\n");
}

TEST_CASE("A JSON line is one object", "[base]") {
    log_as(Log::Format::Json).error("dial \"x\"", {{"cause", "a\nb"}});
    const std::string& line = written();
    CHECK(line.substr(0, 9) == "{\"time\":\"");
    CHECK(line.substr(line.find(",\"level\"")) ==
          ",\"level\":\"error\",\"message\":\"dial \\\"x\\\"\",\"cause\":\"a\\u000ab\"}\n");
}

TEST_CASE("Colours are only where they are asked for", "[base]") {
    log_as(Log::Format::ColouredText).warn("x");
    CHECK(written().find('\x1b') != std::string::npos);
    log_as(Log::Format::Text).warn("x");
    CHECK(written().find('\x1b') == std::string::npos);
}

TEST_CASE("Lines below the least level are not written", "[base]") {
    const Log log = log_as(Log::Format::Text, LogLevel::Warn);
    log.debug("a");
    log.info("b");
    CHECK(written().empty());
    CHECK_FALSE(log.is_enabled(LogLevel::Info));
    log.warn("c");
    log.error("d");
    CHECK(std::count(written().begin(), written().end(), '\n') == 2);
}

TEST_CASE("The least level of a log can be changed while it is in use", "[base]") {
    const Log log = log_as(Log::Format::Text, LogLevel::Error);
    log.info("before");
    log.set_least(LogLevel::Debug);
    log.debug("after");
    CHECK(written().find("before") == std::string::npos);
    CHECK(written().find("after") != std::string::npos);
}

TEST_CASE("Nothing in a message or field breaks a line or colours the screen", "[base]") {
    const Log::Format format = GENERATE(Log::Format::Text, Log::Format::Json);
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
    log_as(format).info(every_byte, {{"a", every_byte}, {"b", "\x1b[31m\r\n{\"forged\":1}\n"}});
    const std::string& line = written();
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    CHECK(line.back() == '\n');
    CHECK(std::none_of(line.begin(), line.end() - 1,
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }));
}
