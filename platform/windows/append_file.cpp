#include "platform/append_file.hpp"

#include <algorithm>

#include "windows/system_calls.hpp"

namespace sluice::platform {
namespace {

constexpr DWORD shared_with_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

bool facts_of(HANDLE file, BY_HANDLE_FILE_INFORMATION& facts) { return ::GetFileInformationByHandle(file, &facts) != 0; }

}  // namespace

struct AppendFile::State {
    HANDLE file;
};

Result<std::unique_ptr<AppendFile>> AppendFile::open(const std::string& path) {
    // Without FILE_WRITE_DATA every write goes to the end, wherever others have written.
    const HANDLE file = ::CreateFileW(to_wide(path).c_str(), FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE, shared_with_all,
                                      nullptr, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file == INVALID_HANDLE_VALUE) return fail(system_error("opening " + path, last_system_error()));
    return std::unique_ptr<AppendFile>(new AppendFile(std::make_unique<State>(file)));
}

AppendFile::AppendFile(std::unique_ptr<State> state) : state_(std::move(state)) {}

AppendFile::~AppendFile() { ::CloseHandle(state_->file); }

Result<void> AppendFile::write(std::string_view bytes) {
    constexpr std::size_t most_bytes = std::size_t{1} << 30;
    while (!bytes.empty()) {
        DWORD written = 0;
        if (!::WriteFile(state_->file, bytes.data(), static_cast<DWORD>(std::min(bytes.size(), most_bytes)), &written, nullptr)) {
            return fail(system_error("writing to a log file", last_system_error()));
        }
        bytes.remove_prefix(written);
    }
    return {};
}

std::uint64_t AppendFile::size() const {
    LARGE_INTEGER size{};
    return ::GetFileSizeEx(state_->file, &size) != 0 ? static_cast<std::uint64_t>(size.QuadPart) : 0;
}

bool AppendFile::is_at(const std::string& path) const {
    if (is_doomed()) return false;
    const HANDLE other = ::CreateFileW(to_wide(path).c_str(), FILE_READ_ATTRIBUTES, shared_with_all, nullptr, OPEN_EXISTING,
                                       FILE_ATTRIBUTE_NORMAL, nullptr);
    if (other == INVALID_HANDLE_VALUE) return false;
    BY_HANDLE_FILE_INFORMATION mine{};
    BY_HANDLE_FILE_INFORMATION there{};
    const bool is_known = facts_of(state_->file, mine) && facts_of(other, there);
    ::CloseHandle(other);
    return is_known && mine.dwVolumeSerialNumber == there.dwVolumeSerialNumber && mine.nFileIndexHigh == there.nFileIndexHigh &&
           mine.nFileIndexLow == there.nFileIndexLow;
}

bool AppendFile::is_doomed() const {
    FILE_STANDARD_INFO facts{};
    return ::GetFileInformationByHandleEx(state_->file, FileStandardInfo, &facts, sizeof facts) != 0 && facts.DeletePending;
}

}  // namespace sluice::platform
