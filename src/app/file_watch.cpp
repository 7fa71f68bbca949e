#include "app/file_watch.hpp"

#include <utility>

#include "app/file_sources.hpp"
#include "platform/process_facts.hpp"

namespace sluice::app {

void FileWatch::watch(SourceRecord record, Duration interval) {
    const std::lock_guard lock(mutex_);
    files_.emplace(std::move(record));
    interval_ = interval;
    is_stopping_ = false;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void FileWatch::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void FileWatch::run() {
    platform::set_thread_name("file-watch");
    FileSources sources;
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, interval_, [this] { return is_stopping_; })) {
        // Files are read without the lock: a network file system may take its time.
        const SourceRecord tried = files_->tried();
        lock.unlock();
        SourceRecord now = tried.look_again(sources);
        lock.lock();
        // A reload that ended meanwhile has brought other files.
        if (!(files_->tried() == tried)) continue;
        if (!files_->look(std::move(now))) continue;
        lock.unlock();
        on_change_();
        lock.lock();
    }
}

}  // namespace sluice::app
