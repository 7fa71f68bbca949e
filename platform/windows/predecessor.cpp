#include "platform/predecessor.hpp"

#include <fcntl.h>
#include <io.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "windows/message_pipe.hpp"

namespace sluice::platform {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// Pipes without names can't be waited for with a limit.
constexpr DWORD glance_milliseconds = 2;
constexpr int standard_error_descriptor = 2;

/// Three numbers with colons between them.
std::array<HANDLE, 3> handles_of(std::string_view text) {
    std::array<HANDLE, 3> handles{};
    for (HANDLE& handle : handles) {
        std::uintptr_t number = 0;
        const auto end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
        handle = reinterpret_cast<HANDLE>(number);
        text.remove_prefix(std::min<std::size_t>(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
    }
    return handles;
}

}  // namespace

struct Predecessor::State {
    MessagePipe pipe;
    /// Where the predecessor writes its standard error.
    OwnedHandle standard_error;
};

Predecessor::Predecessor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Predecessor::~Predecessor() = default;

std::unique_ptr<Predecessor> Predecessor::find() {
    std::array<wchar_t, 128> value{};
    const DWORD size = ::GetEnvironmentVariableW(successor_variable, value.data(), static_cast<DWORD>(value.size()));
    ::SetEnvironmentVariableW(successor_variable, nullptr);
    if (size == 0 || size >= value.size()) return nullptr;
    const std::array<HANDLE, 3> handles = handles_of(to_utf8({value.data(), size}));
    if (::GetFileType(handles[0]) != FILE_TYPE_PIPE || ::GetFileType(handles[1]) != FILE_TYPE_PIPE) return nullptr;
    for (HANDLE const handle : handles) {
        if (handle != nullptr) ::SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
    }
    auto state = std::make_unique<State>();
    state->pipe = MessagePipe(OwnedHandle(handles[0]), OwnedHandle(handles[1]));
    state->standard_error = OwnedHandle(handles[2]);
    return std::unique_ptr<Predecessor>(new Predecessor(std::move(state)));
}

Result<void> Predecessor::send(std::string_view text) { return state_->pipe.send(text); }

Result<std::optional<HandoverMessage>> Predecessor::receive(milliseconds limit) {
    const SteadyClock::time_point end = SteadyClock::now() + limit;
    for (;;) {
        Result<std::optional<HandoverMessage>> message = state_->pipe.receive();
        if (!message || message->has_value()) return message;
        if (SteadyClock::now() >= end) return std::nullopt;
        ::Sleep(glance_milliseconds);
    }
}

void Predecessor::take_standard_error() {
    if (!state_->standard_error.is_open()) return;
    HANDLE const handle = state_->standard_error.release();
    ::SetStdHandle(STD_ERROR_HANDLE, handle);
    // The C library has a table of its own, which owns the handle from here on.
    const int descriptor = ::_open_osfhandle(reinterpret_cast<std::intptr_t>(handle), _O_BINARY);
    if (descriptor < 0) return;
    ::_dup2(descriptor, standard_error_descriptor);
    ::SetStdHandle(STD_ERROR_HANDLE, reinterpret_cast<HANDLE>(::_get_osfhandle(standard_error_descriptor)));
    ::_close(descriptor);
}

}  // namespace sluice::platform
