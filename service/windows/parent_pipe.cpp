#include "windows/parent_pipe.hpp"

#include <sddl.h>

#include <utility>
#include <vector>

#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

constexpr DWORD time_to_connect_milliseconds = 10'000;
constexpr DWORD time_to_send_milliseconds = 1'000;
constexpr DWORD buffer_bytes = 16 * 1024;

Failure failure(std::string what, DWORD error) {
    return fail(system_error(std::move(what), platform::system_error_code(error)));
}

/// Of this process's user, as text.
std::wstring own_account() {
    HANDLE opened = nullptr;
    if (::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &opened) == 0) return {};
    const platform::OwnedHandle token(opened);
    DWORD size = 0;
    ::GetTokenInformation(token.get(), TokenUser, nullptr, 0, &size);
    std::vector<char> memory(size);
    LPWSTR text = nullptr;
    if (::GetTokenInformation(token.get(), TokenUser, memory.data(), size, &size) == 0 ||
        ::ConvertSidToStringSidW(reinterpret_cast<TOKEN_USER*>(memory.data())->User.Sid, &text) == 0) {
        return {};
    }
    std::wstring account(text);
    ::LocalFree(text);
    return account;
}

}  // namespace

ParentPipe::ParentPipe(HANDLE pipe)
    : pipe_(pipe), waited_for_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)), sent_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)) {}

ParentPipe::~ParentPipe() {
    if (!is_pending_) return;
    ::CancelIoEx(pipe_.get(), &waiting_);
    DWORD ignored = 0;
    ::GetOverlappedResult(pipe_.get(), &waiting_, &ignored, TRUE);
}

Result<std::unique_ptr<ParentPipe>> ParentPipe::open(const std::wstring& name, bool is_first) {
    const std::wstring rights = L"D:P(A;;GA;;;" + own_account() + L")";
    SECURITY_ATTRIBUTES attributes{sizeof(SECURITY_ATTRIBUTES), nullptr, FALSE};
    if (::ConvertStringSecurityDescriptorToSecurityDescriptorW(rights.c_str(), SDDL_REVISION_1, &attributes.lpSecurityDescriptor, nullptr) == 0) {
        return failure("making the rights of the service's pipe", ::GetLastError());
    }
    const DWORD access = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (is_first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0);
    HANDLE const pipe = ::CreateNamedPipeW(name.c_str(), access,
                                           PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                                           PIPE_UNLIMITED_INSTANCES, buffer_bytes, buffer_bytes, 0, &attributes);
    const DWORD error = ::GetLastError();
    ::LocalFree(attributes.lpSecurityDescriptor);
    if (pipe == INVALID_HANDLE_VALUE) return failure("making the service's pipe", error);
    return std::unique_ptr<ParentPipe>(new ParentPipe(pipe));
}

Result<std::unique_ptr<ParentPipe>> ParentPipe::connect(const std::wstring& name) {
    // Every end may be taken at the moment; the parent opens another.
    HANDLE pipe = INVALID_HANDLE_VALUE;
    // Whoever is at the other end may know who we are, and not act as us.
    constexpr DWORD flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
    do {
        pipe = ::CreateFileW(name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, flags, nullptr);
    } while (pipe == INVALID_HANDLE_VALUE && ::GetLastError() == ERROR_PIPE_BUSY &&
             ::WaitNamedPipeW(name.c_str(), time_to_connect_milliseconds) != 0);
    if (pipe == INVALID_HANDLE_VALUE) return failure("connecting to the service's parent", ::GetLastError());
    std::unique_ptr<ParentPipe> end(new ParentPipe(pipe));
    DWORD mode = PIPE_READMODE_MESSAGE;
    if (::SetNamedPipeHandleState(pipe, &mode, nullptr, nullptr) == 0) {
        return failure("reading messages of the service's parent", ::GetLastError());
    }
    return end;
}

/// An operation of the system was begun; `error` is its last error.
void ParentPipe::note_start(BOOL is_done, DWORD error) {
    is_pending_ = is_done != 0 || error == ERROR_IO_PENDING;
    is_broken_ = !is_pending_ && error != ERROR_PIPE_CONNECTED;
    if (!is_pending_) ::SetEvent(waited_for_.get());
}

void ParentPipe::await_process() {
    waiting_ = {};
    waiting_.hEvent = waited_for_.get();
    ::ResetEvent(waited_for_.get());
    const BOOL is_done = ::ConnectNamedPipe(pipe_.get(), &waiting_);
    note_start(is_done, ::GetLastError());
}

void ParentPipe::await_message() {
    waiting_ = {};
    waiting_.hEvent = waited_for_.get();
    ::ResetEvent(waited_for_.get());
    const BOOL is_done = ::ReadFile(pipe_.get(), bytes_.data(), most_bytes, nullptr, &waiting_);
    note_start(is_done, ::GetLastError());
}

/// Bytes of the operation that has ended; nullopt when it failed.
std::optional<DWORD> ParentPipe::finish() {
    if (!std::exchange(is_pending_, false)) return is_broken_ ? std::nullopt : std::optional<DWORD>(0);
    DWORD bytes = 0;
    if (::GetOverlappedResult(pipe_.get(), &waiting_, &bytes, TRUE) == 0) return std::nullopt;
    return bytes;
}

bool ParentPipe::has_process() { return finish().has_value(); }

DWORD ParentPipe::process_id() const {
    ULONG pid = 0;
    return ::GetNamedPipeClientProcessId(pipe_.get(), &pid) != 0 ? pid : 0;
}

std::optional<std::string> ParentPipe::take_message() {
    const std::optional<DWORD> bytes = finish();
    return bytes ? std::optional(std::string(bytes_.data(), *bytes)) : std::nullopt;
}

Result<void> ParentPipe::send(std::string_view text) {
    OVERLAPPED writing{};
    writing.hEvent = sent_.get();
    ::ResetEvent(sent_.get());
    DWORD written = 0;
    if (::WriteFile(pipe_.get(), text.data(), static_cast<DWORD>(text.size()), nullptr, &writing) == 0) {
        if (::GetLastError() != ERROR_IO_PENDING) return failure("writing to the service's pipe", ::GetLastError());
        if (::WaitForSingleObject(sent_.get(), time_to_send_milliseconds) != WAIT_OBJECT_0) ::CancelIoEx(pipe_.get(), &writing);
    }
    if (::GetOverlappedResult(pipe_.get(), &writing, &written, TRUE) == 0) {
        return failure("writing to the service's pipe", ::GetLastError());
    }
    return {};
}

}  // namespace sluice::service
