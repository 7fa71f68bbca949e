#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

/// A folder of one test's own that is removed at the end.
struct LogFolder {
    std::filesystem::path path;
    LogFolder() {
        // Test runs may go on side by side.
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        path = std::filesystem::temp_directory_path() / ("sluice_logs_" + std::to_string(now));
        std::filesystem::create_directory(path);
    }
    LogFolder(const LogFolder&) = delete;
    LogFolder& operator=(const LogFolder&) = delete;
    ~LogFolder() {
        std::error_code error;
        std::filesystem::remove_all(path, error);
    }

    [[nodiscard]] std::string file(const std::string& name) const { return (path / name).string(); }

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(path / name, std::ios::binary) << content;
    }

    [[nodiscard]] std::string content(const std::string& name) const {
        std::ifstream file(path / name, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
};
