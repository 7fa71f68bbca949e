#include "grpc/web_trailers.hpp"

#include <algorithm>
#include <cstddef>

#include "base/text.hpp"

namespace sluice::grpc {
namespace {

/// A frame of trailers under way at the end of a string: the length is put in when all lines are there.
class Frame {
public:
    explicit Frame(std::string& out) : out_(out), begin_(out.size()) {
        out_.push_back(static_cast<char>(trailers_flag));
        out_.append(4, '\0');
    }

    void add(std::string_view name, std::string_view value) {
        for (const char c : name) out_.push_back(lower(c));
        out_.append(": ").append(value).append("\r\n");
    }

    void end() {
        const std::size_t length = out_.size() - begin_ - 5;
        for (std::size_t i = 0; i < 4; ++i) out_[begin_ + 1 + i] = static_cast<char>(length >> (24 - 8 * i) & 0xFF);
    }

private:
    std::string& out_;
    std::size_t begin_;
};

}  // namespace

bool is_status_field(std::string_view name) {
    return equal_ignoring_case(name, "grpc-status") || equal_ignoring_case(name, "grpc-message") ||
           equal_ignoring_case(name, "grpc-status-details-bin");
}

void append_web_trailers(std::string& out, std::string_view lines) {
    Frame frame(out);
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(std::min(lines.size(), line.size() + 2));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        frame.add(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    frame.end();
}

void append_web_trailers(std::string& out, const http::Fields& head) {
    Frame frame(out);
    for (const http::Field& field : head) {
        if (is_status_field(field.name)) frame.add(field.name, field.value);
    }
    frame.end();
}

}  // namespace sluice::grpc
