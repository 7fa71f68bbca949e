#include "telemetry/file_sink.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"

namespace sluice::telemetry {
namespace {

constexpr std::size_t most_queued_bytes = std::size_t{8} * 1024 * 1024;
constexpr std::size_t most_spares = 16;
constexpr std::chrono::seconds farewell{1};

}  // namespace

struct FileSink::State {
    /// nullptr for standard output.
    std::unique_ptr<LogFile> file;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::string> queue;
    std::size_t queued_bytes = 0;
    /// Written strings, for the workers to write on.
    std::vector<std::string> spares;
    bool wants_reopen = false;
    bool is_stopping = false;
    bool is_done = false;

    void write_all();
    void write(const std::string& lines) const;
};

void FileSink::State::write(const std::string& lines) const {
    if (file) {
        file->write(lines, wall_clock_milliseconds());
        return;
    }
    std::fwrite(lines.data(), 1, lines.size(), stdout);
    std::fflush(stdout);
}

/// The thread: ends when it is told to stop and has nothing left.
void FileSink::State::write_all() {
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [this] { return is_stopping || wants_reopen || !queue.empty(); });
        if (std::exchange(wants_reopen, false) && file) {
            lock.unlock();
            file->reopen();
            lock.lock();
        }
        if (queue.empty() && !is_stopping) continue;
        if (queue.empty()) break;
        std::string lines = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        write(lines);
        lock.lock();
        queued_bytes -= lines.size();
        lines.clear();
        if (spares.size() < most_spares) spares.push_back(std::move(lines));
    }
    is_done = true;
    changed.notify_all();
}

Result<std::unique_ptr<FileSink>> FileSink::open(const std::string& path, Format format, const Rotation& rotation,
                                                 LogFile::Problem problem) {
    if (path == "stdout") return std::unique_ptr<FileSink>(new FileSink(nullptr, format));
    Result<std::unique_ptr<LogFile>> file = LogFile::open(path, rotation, std::move(problem));
    if (!file) return fail(std::move(file.error()));
    return std::unique_ptr<FileSink>(new FileSink(std::move(*file), format));
}

FileSink::FileSink(std::unique_ptr<LogFile> file, Format format)
    : format_(format), state_(std::make_shared<State>()) {
    state_->file = std::move(file);
    thread_ = std::thread([state = state_] { state->write_all(); });
}

void FileSink::reopen() {
    const std::scoped_lock lock(state_->mutex);
    state_->wants_reopen = true;
    state_->changed.notify_all();
}

FileSink::~FileSink() {
    std::unique_lock lock(state_->mutex);
    state_->is_stopping = true;
    state_->changed.notify_all();
    const bool is_done =
        state_->changed.wait_for(lock, farewell, [this] { return state_->is_done; });
    lock.unlock();
    if (is_done) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

bool FileSink::take(std::string& lines) {
    const std::lock_guard lock(state_->mutex);
    if (state_->queued_bytes + lines.size() > most_queued_bytes) return false;
    state_->queued_bytes += lines.size();
    state_->queue.push_back(std::move(lines));
    lines.clear();
    if (!state_->spares.empty()) {
        lines = std::move(state_->spares.back());
        state_->spares.pop_back();
    }
    state_->changed.notify_one();
    return true;
}

}  // namespace sluice::telemetry
