#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "support/wire_case.hpp"

// wire_seeds CASES OUT: writes the wire cases as seeds, into OUT/fuzz_request, OUT/fuzz_response
// and, from the first chunked body of each message that has one, OUT/fuzz_chunked.

namespace {

void write(const std::filesystem::path& folder, std::size_t number, std::string_view bytes) {
    // Seeds beyond libFuzzer's -max_len would be cut anyhow.
    if (bytes.empty() || bytes.size() > 4096) return;
    std::filesystem::create_directories(folder);
    std::ofstream file(folder / (std::to_string(number) + ".seed"), std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void write_all(const std::string& cases, const std::filesystem::path& out) {
    std::size_t number = 0;
    for (const auto& one : sluice::test::load_wire_cases(cases)) {
        ++number;
        write(out / (one.is_response ? "fuzz_response" : "fuzz_request"), number, one.bytes);
        const std::size_t body = one.bytes.find("\r\n\r\n");
        if (body == std::string::npos || !one.bytes.contains("chunked\r\n\r\n")) continue;
        write(out / "fuzz_chunked", number, std::string_view(one.bytes).substr(body + 4));
    }
}

}  // namespace

int main(int count, char** arguments) try {
    if (count != 3) {
        std::fputs("usage: wire_seeds CASES OUT\n", stderr);
        return 2;
    }
    write_all(arguments[1], arguments[2]);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
