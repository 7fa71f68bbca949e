#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace sluice::test {

/// One case of tests/data/http/*.wire: bytes on the wire and what they must mean. The format is
/// described in tests/data/http/README.md.
struct WireCase {
    std::string title;
    /// File and line, for failure messages.
    std::string place;
    bool is_response = false;
    /// Responses: the method that they answer.
    http::Method answered = http::Method::Get;
    std::string bytes;
    std::vector<std::string> events;
};

/// All cases of all files of the folder, files in the order of their names. An unreadable folder or
/// a malformed file throws std::runtime_error that names the place: a test that cannot read its
/// cases must fail.
[[nodiscard]] std::vector<WireCase> load_wire_cases(const std::string& folder);

/// Cases of one text; `file` is for messages.
[[nodiscard]] std::vector<WireCase> parse_wire_cases(std::string_view text,
                                                     const std::string& file);

/// The bytes as events show them: with the file's escapes, shortened to 64 bytes and "..." when
/// longer.
[[nodiscard]] std::string show_bytes(std::string_view bytes);

}  // namespace sluice::test
