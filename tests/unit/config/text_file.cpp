#include "unit/config/text_file.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace sluice::test {

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::erase(text, '\r');
    return text;
}

bool is_current(const std::filesystem::path& path, const std::string& expected) {
    if (std::getenv("SLUICE_UPDATE") != nullptr && read_text(path) != expected) {
        std::ofstream(path, std::ios::binary) << expected;
    }
    return read_text(path) == expected;
}

std::filesystem::path source_path(const std::string& relative) {
    return std::filesystem::path(SLUICE_SOURCE_DIR) / relative;
}

}  // namespace sluice::test
