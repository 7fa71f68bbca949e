#pragma once

#include <windows.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/owned_handle.hpp"

namespace sluice::service {

/// One end of the pipe between the service's parent and a gateway process (windows/parent_words.hpp). Only the service's own
/// account may open it.
///
/// Threading: one thread waits and takes; one at a time sends.
/// Lifetime:  stays where it is made, because the system writes into it.
class ParentPipe {
public:
    /// An end of the parent's, for the next process. With `is_first` nobody else may have an end of this name already.
    [[nodiscard]] static Result<std::unique_ptr<ParentPipe>> open(const std::wstring& name, bool is_first);
    /// A process's end. Failure: the parent is gone, or does not answer.
    [[nodiscard]] static Result<std::unique_ptr<ParentPipe>> connect(const std::wstring& name);
    ParentPipe(const ParentPipe&) = delete;
    ParentPipe& operator=(const ParentPipe&) = delete;
    ~ParentPipe();

    /// Begins to wait for a process to connect, or for a message. Signalled by `event`, also when the other end goes.
    void await_process();
    void await_message();
    [[nodiscard]] HANDLE event() const { return waited_for_.get(); }

    /// After the event that follows `await_process`.
    [[nodiscard]] bool has_process();
    /// Of the process at the other end; 0 when the system does not tell.
    [[nodiscard]] DWORD process_id() const;
    /// After the event that follows `await_message`; nullopt when the other end is gone.
    [[nodiscard]] std::optional<std::string> take_message();

    /// Waits no longer than a second for the other end.
    [[nodiscard]] Result<void> send(std::string_view text);

private:
    /// The longest message, in any version; a longer one is the end.
    static constexpr DWORD most_bytes = 4096;

    explicit ParentPipe(HANDLE pipe);
    void note_start(BOOL is_done, DWORD error);
    [[nodiscard]] std::optional<DWORD> finish();

    platform::OwnedHandle pipe_;
    platform::OwnedHandle waited_for_;
    platform::OwnedHandle sent_;
    OVERLAPPED waiting_{};
    bool is_pending_ = false;
    bool is_broken_ = false;
    std::array<char, most_bytes> bytes_{};
};

}  // namespace sluice::service
