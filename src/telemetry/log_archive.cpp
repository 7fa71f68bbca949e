#include "telemetry/log_archive.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "telemetry/gzip.hpp"
#include "telemetry/log_path.hpp"

namespace sluice::telemetry {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view compressed = ".gz";
/// 20261129-101500, and from the second in one second on -1, -2, ...
constexpr std::size_t stamp_size = 15;
constexpr std::size_t dash = 8;
/// Another process may be about to write a line to a file that it has not seen move.
constexpr std::chrono::seconds settling{2};

std::string text_of(const fs::path& path) {
    const std::u8string text = path.u8string();
    return {text.begin(), text.end()};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_stamp(std::string_view text) {
    if (text.ends_with(compressed)) text.remove_suffix(compressed.size());
    if (text.size() < stamp_size || text[dash] != '-') return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool may_be_dash = i == dash || i == stamp_size;
        if (!is_digit(text[i]) && !(may_be_dash && text[i] == '-')) return false;
    }
    return text.size() == stamp_size || text[stamp_size] == '-';
}

/// What tells the order: the stamp, then the number behind it.
std::pair<std::string, unsigned long> order_of(const std::string& file, std::size_t prefix) {
    const std::string stamp = file.substr(prefix, stamp_size);
    const std::size_t number = prefix + stamp_size + 1;
    const bool has_number = file.size() > number && is_digit(file[number]);
    return {stamp, has_number ? std::strtoul(file.c_str() + number, nullptr, 10) : 0};
}

std::string stamp_of(std::int64_t milliseconds_since_epoch) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds{milliseconds_since_epoch}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(time - day)};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d%02u%02u-%02d%02d%02d", int{date.year()}, unsigned{date.month()}, unsigned{date.day()},
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

}  // namespace

std::vector<std::string> archived_files(const std::string& path) {
    const fs::path file = path_of(path);
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const std::string prefix = text_of(file.filename()) + ".";
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const std::string name = text_of(entry->path().filename());
        if (name.starts_with(prefix) && is_stamp(std::string_view(name).substr(prefix.size()))) names.push_back(name);
    }
    std::ranges::sort(names, {}, [&](const std::string& name) { return order_of(name, prefix.size()); });
    for (std::string& name : names) name = path + name.substr(prefix.size() - 1);
    return names;
}

std::int64_t first_time_in(const std::string& path) {
    std::ifstream file(path_of(path), std::ios::binary);
    std::array<char, 64> text{};
    file.read(text.data(), text.size() - 1);
    // 2026-11-29T10:15:00: in text lines at the beginning, in JSON lines within {"time":"
    const std::string_view start(text.data());
    const std::size_t t = start.find('T');
    if (t == std::string_view::npos || t < 10) return 0;
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hours = 0;
    unsigned minutes = 0;
    unsigned seconds = 0;
    if (std::sscanf(text.data() + t - 10, "%4d-%2u-%2uT%2u:%2u:%2u", &year, &month, &day, &hours, &minutes, &seconds) != 6) return 0;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    if (!date.ok() || hours > 23 || minutes > 59 || seconds > 60) return 0;
    const auto time = std::chrono::sys_days(date) + std::chrono::hours{hours} + std::chrono::minutes{minutes} + std::chrono::seconds{seconds};
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

LogArchive::LogArchive(std::string path, std::function<void(const std::string&)> problem)
    : path_(std::move(path)), problem_(std::move(problem)) {}

LogArchive::~LogArchive() {
    {
        const std::scoped_lock lock(mutex_);
        is_stopping_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void LogArchive::use(std::size_t keep, bool compresses) {
    const std::scoped_lock lock(mutex_);
    keep_ = keep;
    compresses_ = compresses;
}

std::string LogArchive::next_name(std::int64_t now_milliseconds) const {
    const std::string base = path_ + "." + stamp_of(now_milliseconds);
    std::error_code error;
    const auto is_taken = [&](const std::string& name) {
        return fs::exists(path_of(name), error) || fs::exists(path_of(name + std::string(compressed)), error);
    };
    std::string name = base;
    for (unsigned number = 1; is_taken(name); ++number) name = base + "-" + std::to_string(number);
    return name;
}

void LogArchive::tidy_up() {
    const std::scoped_lock lock(mutex_);
    has_work_ = true;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
}

bool LogArchive::is_stopping() {
    const std::scoped_lock lock(mutex_);
    return is_stopping_;
}

/// The thread: ends with the archive.
void LogArchive::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return is_stopping_ || has_work_; });
        if (is_stopping_ || changed_.wait_for(lock, settling, [this] { return is_stopping_; })) return;
        has_work_ = false;
        lock.unlock();
        tidy();
        lock.lock();
    }
}

void LogArchive::tidy() {
    std::unique_lock lock(mutex_);
    const std::size_t keep = keep_;
    const bool compresses = compresses_;
    lock.unlock();
    std::vector<std::string> files = archived_files(path_);
    std::error_code error;
    while (files.size() > keep) {
        if (!fs::remove(path_of(files.front()), error) && error) problem_("can't remove " + files.front() + ": " + error.message());
        files.erase(files.begin());
    }
    for (const std::string& file : files) {
        if (!compresses || file.ends_with(compressed)) continue;
        const Result<bool> done = compress_file(file, file + std::string(compressed), [this] { return is_stopping(); });
        if (!done) problem_("can't compress " + file + ": " + describe(done.error()));
        if (is_stopping()) return;
    }
}

}  // namespace sluice::telemetry
