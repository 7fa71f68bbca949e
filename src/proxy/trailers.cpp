#include "proxy/trailers.hpp"

#include "http/chunked_reader.hpp"

namespace sluice::proxy {

Result<void> check_trailers(std::string_view lines) {
    if (lines.empty()) return {};
    http::ChunkedReader reader;
    for (std::string_view piece : {std::string_view("0\r\n"), lines, std::string_view("\r\n")}) {
        while (!piece.empty()) {
            const auto step = reader.step(piece);
            if (!step) return fail(Error(step.error()));
            piece.remove_prefix(step->consumed);
            if (step->event == http::ChunkedReader::Event::End) return {};
        }
    }
    return {};
}

}  // namespace sluice::proxy
