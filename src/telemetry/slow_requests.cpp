#include "telemetry/slow_requests.hpp"

#include "base/log.hpp"
#include "telemetry/json_writer.hpp"

namespace sluice::telemetry {
namespace {

void write_micros(JsonWriter& out, std::string_view name, const StageMicros& micros) {
    if (const std::optional<std::uint32_t> value = micros.value()) out.member(name, *value);
}

void write_text(JsonWriter& out, std::string_view name, std::string_view text) {
    if (!text.empty()) out.member(name, text);
}

void write_request(JsonWriter& out, const SlowRequest& request) {
    std::string time;
    append_utc_time(time, request.time_milliseconds);
    out.begin_object();
    out.member("time", time);
    out.member("client", request.client.view());
    out.member("method", request.method.view());
    out.member("host", request.host.view());
    out.member("path", request.path.view());
    out.member("status", request.status);
    write_text(out, "route", request.route.view());
    write_text(out, "cluster", request.cluster.view());
    write_text(out, "endpoint", request.endpoint.view());
    write_text(out, "request_id", request.request_id.view());
    out.member("retried", request.is_retried);
    out.begin_object("micros");
    write_micros(out, "head", request.head);
    write_micros(out, "route", request.to_route);
    write_micros(out, "connect", request.connect);
    write_micros(out, "response", request.response);
    write_micros(out, "body", request.body);
    write_micros(out, "total", request.total);
    out.end_object();
    out.end_object();
}

}  // namespace

SlowRequest::SlowRequest(const AccessRecord& record)
    : time_milliseconds(record.time_milliseconds), status(record.status), is_retried(record.is_retried) {
    head = record.stages.head;
    to_route = record.stages.route;
    connect = record.stages.connect;
    response = record.stages.response;
    body = record.stages.body;
    total = record.stages.total;
    method = record.method;
    client = record.client;
    host = record.host;
    path = record.path;
    route = record.route;
    cluster = record.cluster;
    endpoint = record.endpoint;
    request_id = record.request_id;
}

void SlowRequests::add(const AccessRecord& record) {
    const std::lock_guard lock(mutex_);
    if (ring_.size() < most) {
        ring_.emplace_back(record);
        return;
    }
    ring_[oldest_] = SlowRequest(record);
    oldest_ = (oldest_ + 1) % most;
}

void SlowRequests::append_to(std::vector<SlowRequest>& list) const {
    const std::lock_guard lock(mutex_);
    list.insert(list.end(), ring_.begin(), ring_.end());
}

std::string slow_document(std::vector<SlowRequest> list, std::size_t most) {
    std::ranges::stable_sort(list, std::ranges::greater{}, &SlowRequest::time_milliseconds);
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(std::min(most, list.size())), list.end());
    JsonWriter out;
    out.begin_object();
    out.begin_array("requests");
    for (const SlowRequest& request : list) write_request(out, request);
    out.end_array();
    out.end_object();
    return out.take();
}

}  // namespace sluice::telemetry
