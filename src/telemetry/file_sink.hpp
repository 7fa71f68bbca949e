#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "telemetry/log_file.hpp"
#include "telemetry/log_sink.hpp"

namespace sluice::telemetry {

/// An access log in a file or on standard output. A thread of its own does the writing, one call
/// for each batch of whole lines, so that a slow disk or a stopped reader of a pipe holds up no
/// worker. What the queue can't hold is refused.
///
/// Threading: any thread.
/// Lifetime:  the destructor writes what is queued, but leaves it to its fate when that takes more
/// than a
///            second.
class FileSink final : public LogSink {
public:
    enum class Format : std::uint8_t { Json, Text };

    /// Opens for appending and makes the file if need be; "stdout" is standard output, which does not rotate.
    [[nodiscard]] static Result<std::unique_ptr<FileSink>> open(const std::string& path, Format format, const Rotation& rotation,
                                                                LogFile::Problem problem);

    ~FileSink() override;

    /// Opens the path again, soon: others have moved the file. Any thread.
    void reopen();

    [[nodiscard]] bool take(std::string& lines) override;
    [[nodiscard]] bool wants_text() const override { return format_ == Format::Text; }

private:
    struct State;
    FileSink(std::unique_ptr<LogFile> file, Format format);

    Format format_;
    /// Shared with the thread, which may outlive the sink.
    std::shared_ptr<State> state_;
    std::thread thread_;
};

}  // namespace sluice::telemetry
