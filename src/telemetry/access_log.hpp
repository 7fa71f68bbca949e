#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "telemetry/log_sink.hpp"

namespace sluice::telemetry {

/// How long each stage of a request took; nullopt for one that it never reached.
struct StageDurations {
    using Micros = std::optional<std::chrono::microseconds>;
    /// First byte to complete head.
    Micros head;
    Micros route;
    /// To a connection to the upstream, dialed or reused.
    Micros connect;
    /// To the first byte of the upstream's response.
    Micros response;
    /// To the last byte for the client.
    Micros body;
    Micros total;
};

/// One request, as it is logged.
struct AccessRecord {
    std::int64_t time_milliseconds = 0;
    std::string_view client;
    std::string_view method;
    std::string_view host;
    /// Path and query as the client sent them.
    std::string_view path;
    /// 0 when the client got no response.
    std::uint16_t status = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    StageDurations stages;
    /// "" where a request did not get so far.
    std::string_view route;
    std::string_view cluster;
    std::string_view endpoint;
    std::string_view request_id;
    bool is_retried = false;
    /// nullptr for none.
    const Error* error = nullptr;
};

/// One line each. Nothing that a client sends can break or forge one: see base/text.hpp.
void append_json_line(std::string& out, const AccessRecord& record);
void append_text_line(std::string& out, const AccessRecord& record);

/// A worker's part of the access log: formats lines into a buffer and hands them on in batches.
///
/// Threading: one worker.
/// Failure:   lines that the sink refuses are dropped and counted.
class AccessLog {
public:
    explicit AccessLog(LogSink& sink) : sink_(sink) {}
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;
    ~AccessLog() { flush(); }

    void write(const AccessRecord& record, TimePoint now);

    /// To be called now and then: hands on lines that have waited for flush_interval.
    void flush_due(TimePoint now) {
        if (!lines_.empty() && now - oldest_ >= flush_interval) flush();
    }
    void flush();

    /// Lines dropped so far.
    [[nodiscard]] std::uint64_t drops() const { return drops_; }

    static constexpr std::size_t flush_bytes = 32 * 1024;
    static constexpr Duration flush_interval = std::chrono::seconds{1};

private:
    LogSink& sink_;
    std::string lines_;
    std::uint64_t count_ = 0;
    std::uint64_t drops_ = 0;
    TimePoint oldest_{};
};

}  // namespace sluice::telemetry
