#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/chunked_reader.hpp"
#include "http/head_parser.hpp"
#include "http/serializer.hpp"

// What HTTP itself costs a request: finding the end of a head, parsing it, writing one, taking a
// chunked body apart. The aim for the small request, scanned and parsed, is 150 ns.

namespace {

using namespace sluice;
using namespace sluice::http;

/// As wrk sends it.
constexpr std::string_view small_request = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

/// As a browser sends it: twelve fields.
constexpr std::string_view browser_request =
    "GET /api/v1/orders?page=2&size=50 HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Chromium\";v=\"120\", \"Not=A?Brand\";v=\"24\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Referer: https://shop.example.com/orders\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "If-None-Match: \"637e0a00-f\"\r\n"
    "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark\r\n\r\n";

constexpr std::string_view response =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx/1.22.1\r\n"
    "Date: Tue, 24 Nov 2026 12:00:00 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 64\r\n"
    "Connection: keep-alive\r\n\r\n";

void stop_unless(bool holds) {
    if (holds) return;
    std::fputs("bench_http: a valid message was refused\n", stderr);
    std::abort();
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

void scan(benchmark::State& state, std::string_view head) {
    HeadScanner scanner(HeadLimits{});
    for (auto _ : state) {
        scanner.clear();
        const auto length = scanner.scan(head);
        stop_unless(length && *length == head.size());
    }
    count_bytes(state, head.size());
}

void request(benchmark::State& state, std::string_view head) {
    const HeadLimits limits;
    HeadScanner scanner(limits);
    RequestHead out;
    for (auto _ : state) {
        scanner.clear();
        const auto length = scanner.find_end(head);
        stop_unless(length && *length && parse_request_head(head.substr(0, **length), limits, out));
        benchmark::DoNotOptimize(out.fields.data());
    }
    count_bytes(state, head.size());
}

void response_head(benchmark::State& state) {
    const HeadLimits limits;
    HeadScanner scanner(limits, Side::Upstream);
    ResponseHead out;
    for (auto _ : state) {
        scanner.clear();
        const auto length = scanner.find_end(response);
        stop_unless(length && *length &&
                    parse_response_head(response.substr(0, **length), limits, Method::Get, out));
        benchmark::DoNotOptimize(out.fields.data());
    }
    count_bytes(state, response.size());
}

void write_response(benchmark::State& state) {
    ResponseHead head;
    stop_unless(parse_response_head(response, {}, Method::Get, head).has_value());
    std::array<char, 1024> buffer{};
    for (auto _ : state) {
        HeadWriter writer(buffer);
        writer.status_line(head.status, head.reason);
        for (const Field& field : head.fields) writer.field(field);
        writer.end_head();
        stop_unless(writer.is_good());
        benchmark::DoNotOptimize(buffer.data());
    }
    count_bytes(state, response.size());
}

void chunked(benchmark::State& state) {
    const auto chunk_bytes = static_cast<std::size_t>(state.range(0));
    std::string body;
    while (body.size() < 64 * 1024) {
        std::array<char, chunk_line_bytes> line{};
        body.append(line.data(), write_chunk_line(line, chunk_bytes));
        body.append(chunk_bytes, 'a').append(chunk_end);
    }
    body.append(last_chunk).append("\r\n");
    ChunkedReader reader;
    for (auto _ : state) {
        reader.clear();
        std::string_view left = body;
        while (!reader.is_done()) {
            const auto step = reader.step(left);
            stop_unless(step.has_value());
            left.remove_prefix(step->consumed);
            benchmark::DoNotOptimize(step->data.data());
        }
    }
    count_bytes(state, body.size());
}

void date(benchmark::State& state) {
    std::int64_t seconds = 1795521600;
    for (auto _ : state) {
        const HttpDate written = http_date(seconds++);
        benchmark::DoNotOptimize(written.data());
    }
}

BENCHMARK_CAPTURE(scan, small, small_request)->Name("http/scan_small");
BENCHMARK_CAPTURE(scan, browser, browser_request)->Name("http/scan_browser");
BENCHMARK_CAPTURE(request, small, small_request)->Name("http/request_small");
BENCHMARK_CAPTURE(request, browser, browser_request)->Name("http/request_browser");
BENCHMARK(response_head)->Name("http/response_head");
BENCHMARK(write_response)->Name("http/write_response_head");
BENCHMARK(chunked)->Name("http/chunked")->Arg(16)->Arg(1024)->Arg(16 * 1024);
BENCHMARK(date)->Name("http/date");

}  // namespace

BENCHMARK_MAIN();
