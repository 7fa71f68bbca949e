#include "telemetry/access_log.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "telemetry/decimal.hpp"

namespace sluice::telemetry {
namespace {

struct Stage {
    std::string_view name;
    StageDurations::Micros StageDurations::*value;
};

constexpr Stage stages[] = {
    {"head_us", &StageDurations::head},       {"route_us", &StageDurations::route},
    {"connect_us", &StageDurations::connect}, {"response_us", &StageDurations::response},
    {"body_us", &StageDurations::body},       {"total_us", &StageDurations::total},
};

/// "2026-11-24T12:00:00." of the second last written: making the date is dear and a second has many
/// requests.
struct WrittenSecond {
    std::int64_t second = -1;
    std::array<char, 20> text{};
};

void append_time(std::string& out, std::int64_t milliseconds) {
    thread_local WrittenSecond written;
    const std::int64_t second = milliseconds / 1000;
    if (second != written.second) {
        std::string text;
        append_utc_time(text, second * 1000);
        text.resize(written.text.size());
        std::copy(text.begin(), text.end(), written.text.begin());
        written.second = second;
    }
    const auto rest = static_cast<unsigned>(milliseconds - second * 1000);
    out.append(written.text.data(), written.text.size());
    out.push_back(static_cast<char>('0' + rest / 100 % 10));
    out.push_back(static_cast<char>('0' + rest / 10 % 10));
    out.push_back(static_cast<char>('0' + rest % 10));
    out.push_back('Z');
}

/// A member of the line's object that is text; one that is empty is left out.
void append_member(std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.append(",\"").append(name).append("\":");
    append_json_string(out, value);
}

void append_number(std::string& out, std::string_view name, std::uint64_t value) {
    out.append(",\"").append(name).append("\":");
    append_decimal(out, value);
}

/// A word of a text line: printable, without spaces or quotes, "-" for nothing. The words keep
/// their places whatever a client puts into them.
void append_word(std::string& out, std::string_view word) {
    out.push_back(' ');
    if (word.empty()) out.push_back('-');
    while (!word.empty()) {
        const std::size_t end = word.find(' ');
        append_printable(out, word.substr(0, end));
        if (end == std::string_view::npos) return;
        out.append("\\x20");
        word.remove_prefix(end + 1);
    }
}

std::string_view milliseconds_of(StageDurations::Micros micros, std::string& text) {
    text.clear();
    if (!micros) return "-";
    append_decimal(text, static_cast<double>(micros->count()) / 1000.0);
    text.append("ms");
    return text;
}

}  // namespace

void append_json_line(std::string& out, const AccessRecord& record) {
    out.append(R"({"time":")");
    append_time(out, record.time_milliseconds);
    out.push_back('"');
    append_member(out, "client", record.client);
    append_member(out, "method", record.method);
    append_member(out, "host", record.host);
    append_member(out, "path", record.path);
    append_number(out, "status", record.status);
    append_number(out, "received_bytes", record.received_bytes);
    append_number(out, "sent_bytes", record.sent_bytes);
    for (const Stage& stage : stages) {
        const StageDurations::Micros& micros = record.stages.*stage.value;
        if (micros) append_number(out, stage.name, static_cast<std::uint64_t>(micros->count()));
    }
    append_member(out, "route", record.route);
    append_member(out, "cluster", record.cluster);
    append_member(out, "endpoint", record.endpoint);
    append_member(out, "request_id", record.request_id);
    if (record.is_retried) out.append(",\"retried\":true");
    if (record.error != nullptr) {
        append_member(out, "error_side", name_of(record.error->side));
        append_member(out, "error_code", name_of(record.error->code));
        append_member(out, "error", record.error->context());
    }
    out.append("}\n");
}

void append_text_line(std::string& out, const AccessRecord& record) {
    std::string text;
    append_time(out, record.time_milliseconds);
    append_word(out, record.client);
    append_word(out, record.method);
    append_word(out, record.host);
    append_word(out, record.path);
    out.push_back(' ');
    append_decimal(out, record.status);
    out.push_back(' ');
    append_decimal(out, record.sent_bytes);
    out.append("B ").append(milliseconds_of(record.stages.total, text));
    append_word(out, record.route);
    append_word(out, record.endpoint);
    append_word(out, record.request_id);
    if (record.is_retried) out.append(" retried");
    if (record.error != nullptr) {
        out.append("  ");
        append_printable(out, describe(*record.error));
    }
    out.push_back('\n');
}

void AccessLog::write(const AccessRecord& record, TimePoint now) {
    if (lines_.empty()) oldest_ = now;
    if (sink_.wants_text()) {
        append_text_line(lines_, record);
    } else {
        append_json_line(lines_, record);
    }
    ++count_;
    if (lines_.size() >= flush_bytes) flush();
}

void AccessLog::flush() {
    if (count_ == 0) return;
    if (!sink_.take(lines_)) {
        drops_ += count_;
        lines_.clear();
    }
    count_ = 0;
}

}  // namespace sluice::telemetry
