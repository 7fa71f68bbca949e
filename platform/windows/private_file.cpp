#include "platform/private_file.hpp"

#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} * 1024;

class Handle {
public:
    explicit Handle(HANDLE handle) : handle_(handle) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (is_open()) ::CloseHandle(handle_);
    }
    [[nodiscard]] bool is_open() const { return handle_ != INVALID_HANDLE_VALUE; }
    [[nodiscard]] HANDLE get() const { return handle_; }

private:
    HANDLE handle_;
};

Failure failure(std::string_view what, const std::string& path) {
    const std::error_code cause = last_system_error();
    return fail(system_error(std::string(what) + " " + path, cause));
}

void make_folders(const std::string& path) {
    // The last two levels: the program's folder, and the one inside it. Those that are there already stay.
    const std::size_t last = path.find_last_of("\\/");
    if (last == std::string::npos || last == 0) return;
    const std::size_t before = path.find_last_of("\\/", last - 1);
    if (before != std::string::npos) ::CreateDirectoryW(to_wide(path.substr(0, before)).c_str(), nullptr);
    ::CreateDirectoryW(to_wide(path.substr(0, last)).c_str(), nullptr);
}

bool write_draft(const std::wstring& draft, std::string_view content) {
    const Handle file(::CreateFileW(draft.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr));
    DWORD written = 0;
    return file.is_open() && ::WriteFile(file.get(), content.data(), static_cast<DWORD>(content.size()), &written, nullptr) &&
           written == content.size();
}

}  // namespace

Result<void> write_private_file(const std::string& path, std::string_view content) {
    make_folders(path);
    const std::wstring draft = to_wide(path + "." + std::to_string(::GetCurrentProcessId()));
    ::DeleteFileW(draft.c_str());
    if (write_draft(draft, content) && ::MoveFileExW(draft.c_str(), to_wide(path).c_str(), MOVEFILE_REPLACE_EXISTING)) return {};
    Failure why = failure("can't write", path);
    ::DeleteFileW(draft.c_str());
    return why;
}

Result<std::string> read_private_file(const std::string& path) {
    const Handle file(::CreateFileW(to_wide(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr,
                                    OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
    if (!file.is_open()) return failure("can't read", path);
    std::string content(most_bytes + 1, '\0');
    DWORD got = 0;
    if (!::ReadFile(file.get(), content.data(), static_cast<DWORD>(content.size()), &got, nullptr)) return failure("can't read", path);
    if (got > most_bytes) return fail(system_error("can't read " + path, std::make_error_code(std::errc::file_too_large)));
    content.resize(got);
    return content;
}

void remove_private_file(const std::string& path) { ::DeleteFileW(to_wide(path).c_str()); }

}  // namespace sluice::platform
