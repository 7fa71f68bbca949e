#include "telemetry/access_log.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <vector>

using namespace sluice;
using namespace sluice::telemetry;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

AccessRecord record() {
    AccessRecord result;
    result.time_milliseconds = 1'763'985'600'007;
    result.client = "192.0.2.1";
    result.method = "GET";
    result.host = "api.example.com";
    result.path = "/orders/7?full";
    result.status = 200;
    result.received_bytes = 120;
    result.sent_bytes = 456;
    result.stages = {.head = 12us,
                     .route = 1us,
                     .connect = 30us,
                     .response = 900us,
                     .body = 57us,
                     .total = 1000us};
    result.route = "order";
    result.cluster = "orders";
    result.endpoint = "10.0.0.5:8080";
    result.request_id = "abc";
    return result;
}

std::string json_line(const AccessRecord& of) {
    std::string line;
    append_json_line(line, of);
    return line;
}

std::string text_line(const AccessRecord& of) {
    std::string line;
    append_text_line(line, of);
    return line;
}

class MemorySink final : public LogSink {
public:
    bool take(std::string& lines) override {
        if (is_full) return false;
        ++batches;
        text += lines;
        lines.clear();
        return true;
    }
    bool wants_text() const override { return is_text; }

    std::string text;
    int batches = 0;
    bool is_full = false;
    bool is_text = false;
};

std::string every_byte() {
    std::string text;
    for (int byte = 0; byte < 256; ++byte) text.push_back(static_cast<char>(byte));
    return text;
}

std::ptrdiff_t lines_in(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("A request is one JSON object in a line", "[telemetry]") {
    const std::string line = json_line(record());
    CHECK(
        line ==
        R"({"time":"2025-11-24T12:00:00.007Z","client":"192.0.2.1","method":"GET","host":"api.example.com",)"
        R"("path":"/orders/7?full","status":200,"received_bytes":120,"sent_bytes":456,"head_us":12,"route_us":1,)"
        R"("connect_us":30,"response_us":900,"body_us":57,"total_us":1000,"route":"order","cluster":"orders",)"
        R"("endpoint":"10.0.0.5:8080","request_id":"abc"})"
        "\n");
}

TEST_CASE("A failed request says whose fault it was, and why", "[telemetry]") {
    const Error error = upstream_error(ErrorCode::ConnectRefused, "dialing 10.0.0.5:8080");
    AccessRecord failed = record();
    failed.error = &error;
    failed.status = 502;
    failed.is_retried = true;
    failed.stages.response.reset();
    const json object = json::parse(json_line(failed));
    CHECK(object["error_side"] == "upstream");
    CHECK(object["error_code"] == "connect_refused");
    CHECK(object["error"] == "dialing 10.0.0.5:8080");
    CHECK(object["retried"] == true);
    CHECK_FALSE(object.contains("response_us"));
    CHECK(text_line(failed).ends_with(
        " abc retried  upstream connect_refused: dialing 10.0.0.5:8080\n"));
}

TEST_CASE("A request is one line of words on a terminal", "[telemetry]") {
    CHECK(text_line(record()) ==
          "2025-11-24T12:00:00.007Z 192.0.2.1 GET api.example.com /orders/7?full 200 456B 1ms "
          "order 10.0.0.5:8080 abc\n");
    CHECK(text_line(AccessRecord{}) == "1970-01-01T00:00:00.000Z - - - - 0 0B - - - -\n");
}

TEST_CASE("The time of a line is its own, also when seconds change to and fro", "[telemetry]") {
    AccessRecord timed;
    for (const std::int64_t time :
         std::vector<std::int64_t>{1763985600999, 1763985601000, 1763985600000, 0}) {
        timed.time_milliseconds = time;
        const std::string text = json::parse(json_line(timed))["time"];
        CHECK(text.size() == 24);
        CHECK(text.substr(20, 3) == (time % 1000 == 0 ? "000" : "999"));
        CHECK(text.substr(18, 1) == std::to_string(time / 1000 % 10));
    }
}

TEST_CASE("Nothing that a client sends breaks a line or adds to it", "[telemetry]") {
    const std::string hostile =
        GENERATE(as<std::string>{}, every_byte(), "\",\"status\":200,\"x\":\"", "a\r\n2025 forged",
                 "\x1b[31m\x07", " 200 0B 1ms ");
    const Error error = client_error(ErrorCode::BadRequest, hostile);
    AccessRecord attacked = record();
    attacked.client = attacked.method = attacked.host = attacked.path = attacked.request_id =
        hostile;
    attacked.error = &error;

    const std::string line = json_line(attacked);
    CHECK(lines_in(line) == 1);
    const json object = json::parse(line);
    CHECK(object["status"] == 200);
    CHECK(object.size() == 21);

    const std::string text = text_line(attacked);
    CHECK(lines_in(text) == 1);
    CHECK(std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= 0x20 && c < 0x7F; }));
    const std::string words = text.substr(0, text.find("  "));
    CHECK(std::count(words.begin(), words.end(), ' ') == 10);
}

TEST_CASE("AccessLog hands lines on when a batch is full", "[telemetry]") {
    MemorySink sink;
    AccessLog log(sink);
    const std::size_t line_bytes = json_line(record()).size();
    const std::size_t in_batch = (AccessLog::flush_bytes + line_bytes - 1) / line_bytes;
    for (std::size_t i = 0; i + 1 < in_batch; ++i) log.write(record(), TimePoint{});
    CHECK(sink.batches == 0);
    log.write(record(), TimePoint{});
    CHECK(sink.batches == 1);
    CHECK(sink.text.size() == in_batch * line_bytes);
}

TEST_CASE("AccessLog hands lines on when they have waited", "[telemetry]") {
    MemorySink sink;
    AccessLog log(sink);
    const TimePoint start{1h};
    log.flush_due(start);
    log.write(record(), start);
    log.write(record(), start + 900ms);
    log.flush_due(start + 999ms);
    CHECK(sink.batches == 0);
    log.flush_due(start + 1s);
    CHECK(sink.batches == 1);
    CHECK(lines_in(sink.text) == 2);
    log.flush_due(start + 5s);
    CHECK(sink.batches == 1);
}

TEST_CASE("AccessLog writes what it has when it ends", "[telemetry]") {
    MemorySink sink;
    sink.is_text = true;
    {
        AccessLog log(sink);
        log.write(record(), TimePoint{});
    }
    CHECK(sink.text == text_line(record()));
}

TEST_CASE("AccessLog counts the lines that nobody takes", "[telemetry]") {
    MemorySink sink;
    sink.is_full = true;
    AccessLog log(sink);
    for (int i = 0; i < 3; ++i) log.write(record(), TimePoint{});
    log.flush();
    CHECK(log.drops() == 3);
    sink.is_full = false;
    log.write(record(), TimePoint{});
    log.flush();
    CHECK(log.drops() == 3);
    CHECK(lines_in(sink.text) == 1);
}
