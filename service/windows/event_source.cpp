#include "windows/event_source.hpp"

#include <windows.h>

#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

constexpr const wchar_t* key_path = L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Sluice";

Failure failure(LSTATUS status) {
    return fail(system_error(std::string("changing ") + event_source_key, platform::system_error_code(static_cast<DWORD>(status))));
}

LSTATUS set_value(HKEY key, const wchar_t* name, DWORD type, const void* data, std::size_t size) {
    return ::RegSetValueExW(key, name, 0, type, static_cast<const BYTE*>(data), static_cast<DWORD>(size));
}

}  // namespace

Result<void> add_event_source(const std::string& binary) {
    HKEY key = nullptr;
    LSTATUS status = ::RegCreateKeyExW(HKEY_LOCAL_MACHINE, key_path, 0, nullptr, 0, KEY_SET_VALUE, nullptr, &key, nullptr);
    if (status != ERROR_SUCCESS) return failure(status);
    const std::wstring file = platform::to_wide(binary);
    const DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    status = set_value(key, L"EventMessageFile", REG_EXPAND_SZ, file.c_str(), (file.size() + 1) * sizeof(wchar_t));
    if (status == ERROR_SUCCESS) status = set_value(key, L"TypesSupported", REG_DWORD, &types, sizeof types);
    ::RegCloseKey(key);
    return status == ERROR_SUCCESS ? Result<void>{} : failure(status);
}

Result<void> remove_event_source() {
    const LSTATUS status = ::RegDeleteKeyW(HKEY_LOCAL_MACHINE, key_path);
    return status == ERROR_SUCCESS || status == ERROR_FILE_NOT_FOUND ? Result<void>{} : failure(status);
}

}  // namespace sluice::service
