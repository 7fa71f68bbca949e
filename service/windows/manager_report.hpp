#pragma once

#include <windows.h>

#include <mutex>

#include "base/result.hpp"
#include "windows/parent_words.hpp"

namespace sluice::service {

/// What the service control manager is told (SetServiceStatus).
///
/// Threading: any thread.
class ManagerReport {
public:
    /// RegisterServiceCtrlHandlerExW; `context` is the handler's last argument.
    [[nodiscard]] Result<void> enter(const wchar_t* name, LPHANDLER_FUNCTION_EX handler, void* context);

    /// Once a stop was asked for, or has begun, the service is on its way down whatever else comes.
    void report(const Standing& standing);
    /// A stop is asked for: no exit code is a failure from now on, or the manager would start the service again. True the
    /// first time.
    bool begin_stop(std::chrono::milliseconds hint);
    [[nodiscard]] bool is_stop_requested() const;
    /// The same as before.
    void repeat();

private:
    void send(const Standing& standing);

    mutable std::mutex mutex_;
    SERVICE_STATUS_HANDLE handle_ = nullptr;
    SERVICE_STATUS status_{};
    bool is_stop_requested_ = false;
};

}  // namespace sluice::service
