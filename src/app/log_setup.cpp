#include "app/log_setup.hpp"

#include "platform/process_facts.hpp"
#include "platform/service_notice.hpp"

namespace sluice::app {

Log make_log(const config::LogSettings& settings) {
    using Format = config::LogSettings::Format;
    const auto level = static_cast<LogLevel>(settings.level);
    const bool terminal = platform::is_terminal(platform::StandardStream::Error);
    if (settings.format == Format::Json || (settings.format == Format::Auto && !terminal)) {
        return Log::to_stderr(platform::standard_error_is_journal() ? Log::Format::JournalJson : Log::Format::Json, level);
    }
    const bool coloured =
        terminal && platform::enable_terminal_colours(platform::StandardStream::Error);
    return Log::to_stderr(coloured ? Log::Format::ColouredText : Log::Format::Text, level);
}

}  // namespace sluice::app
