#include "app/last_good.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "platform/paths.hpp"

namespace sluice::app {
namespace {

/// FNV-1a: the same in every build, since the file outlives the process.
std::uint64_t hash_of(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

}  // namespace

std::string last_good_file(const std::string& file) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::weakly_canonical(file, error);
    std::array<char, 17> name{};
    std::snprintf(name.data(), name.size(), "%016llx",
                  static_cast<unsigned long long>(hash_of(error ? file : whole.string())));
    return platform::state_folder() + "/last-good-" + name.data() + ".json";
}

}  // namespace sluice::app
