#include "app/log_setup.hpp"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "platform/process_facts.hpp"
#include "platform/service_notice.hpp"
#include "service/events.hpp"
#include "service/host.hpp"

namespace sluice::app {
namespace {

using Format = config::LogSettings::Format;

/// A log file that any thread may write to.
struct SharedFile {
    std::mutex mutex;
    std::unique_ptr<telemetry::LogFile> file;
};

Log log_to_stderr(const config::LogSettings& settings, LogLevel level) {
    const bool terminal = platform::is_terminal(platform::StandardStream::Error);
    if (settings.format == Format::Json || (settings.format == Format::Auto && !terminal)) {
        return Log::to_stderr(platform::standard_error_is_journal() ? Log::Format::JournalJson : Log::Format::Json, level);
    }
    const bool coloured = terminal && platform::enable_terminal_colours(platform::StandardStream::Error);
    return Log::to_stderr(coloured ? Log::Format::ColouredText : Log::Format::Text, level);
}

/// The folder of the usual place may not be there yet.
void make_folder_of(const std::string& file) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(std::u8string(file.begin(), file.end())).parent_path(), error);
}

/// Where Windows' administrators look; elsewhere the file is the one place.
void tell_administrators(LogLevel level, std::string_view line) {
    const auto severity = level == LogLevel::Error ? service::Severity::Error : service::Severity::Warning;
    service::record_event(severity, line.substr(0, line.find('\n')));
}

}  // namespace

Result<LogSetup> make_log(const config::LogSettings& settings) {
    const auto level = static_cast<LogLevel>(settings.level);
    const std::string instead = service::log_file();
    const bool is_stderr = settings.file == "stderr";
    if (is_stderr && instead.empty()) return LogSetup{log_to_stderr(settings, level), [] {}};
    if (is_stderr) make_folder_of(instead);
    const auto shared = std::make_shared<SharedFile>();
    // What can't be written to the log has no other place.
    auto file = telemetry::LogFile::open(is_stderr ? instead : settings.file, rotation_of(settings.rotate), [](const std::string&) {});
    if (!file) return fail(std::move(file.error()));
    shared->file = std::move(*file);
    const auto write = [shared](LogLevel how, std::string_view line) {
        if (how >= LogLevel::Warn) tell_administrators(how, line);
        const std::scoped_lock lock(shared->mutex);
        shared->file->write(line, wall_clock_milliseconds());
    };
    const auto reopen = [shared] {
        const std::scoped_lock lock(shared->mutex);
        shared->file->reopen();
    };
    return LogSetup{Log(settings.format == Format::Text ? Log::Format::Text : Log::Format::Json, level, write), reopen};
}

telemetry::Rotation rotation_of(const config::LogRotation& settings) {
    return {settings.size, settings.age, settings.keep, settings.gzip};
}

}  // namespace sluice::app
