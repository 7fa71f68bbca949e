#include "windows/folders.hpp"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <string>
#include <string_view>

#include "platform/wide_text.hpp"

namespace sluice::service {
namespace {

using platform::to_wide;

/// Owned by the administrators; protected from what the folder above gives; full access for the system and administrators,
/// inherited by all inside.
constexpr const wchar_t* closed = L"O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

Failure failure(const std::string& what, DWORD error) { return fail(system_error(what, platform::system_error_code(error))); }

/// Memory that the system has allocated.
struct LocalMemory {
    void* pointer = nullptr;
    LocalMemory() = default;
    LocalMemory(const LocalMemory&) = delete;
    LocalMemory& operator=(const LocalMemory&) = delete;
    ~LocalMemory() { ::LocalFree(pointer); }
};

/// Whoever owns a folder can open it again, so the owner counts as well.
bool is_closed(std::wstring& path) {
    LocalMemory descriptor;
    PSID owner = nullptr;
    if (::GetNamedSecurityInfoW(path.data(), SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, nullptr,
                                nullptr, nullptr, &descriptor.pointer) != ERROR_SUCCESS) {
        return false;
    }
    if (!::IsWellKnownSid(owner, WinBuiltinAdministratorsSid) && !::IsWellKnownSid(owner, WinLocalSystemSid)) return false;
    SECURITY_DESCRIPTOR_CONTROL control = 0;
    DWORD revision = 0;
    return ::GetSecurityDescriptorControl(descriptor.pointer, &control, &revision) != 0 && (control & SE_DACL_PROTECTED) != 0;
}

bool is_link(const std::wstring& path) {
    const DWORD attributes = ::GetFileAttributesW(path.c_str());
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
}

/// Gives the file the descriptor's owner and list. `inheritance`: whether what the folder above gives counts too.
DWORD take(std::wstring path, const LocalMemory& descriptor, DWORD inheritance) {
    PSID owner = nullptr;
    PACL list = nullptr;
    BOOL is_there = FALSE;
    BOOL is_default = FALSE;
    ::GetSecurityDescriptorOwner(descriptor.pointer, &owner, &is_default);
    ::GetSecurityDescriptorDacl(descriptor.pointer, &is_there, &list, &is_default);
    const DWORD parts = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | inheritance;
    return ::SetNamedSecurityInfoW(path.data(), SE_FILE_OBJECT, parts, owner, nullptr, list, nullptr);
}

/// Links are not followed.
DWORD take_what_is_in(const std::wstring& folder, const LocalMemory& descriptor) {
    WIN32_FIND_DATAW entry{};
    HANDLE const search = ::FindFirstFileW((folder + L"\\*").c_str(), &entry);
    if (search == INVALID_HANDLE_VALUE) return ::GetLastError();
    DWORD error = ERROR_SUCCESS;
    do {
        const std::wstring_view name = entry.cFileName;
        const bool is_link = (entry.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
        if (name == L"." || name == L".." || is_link) continue;
        const std::wstring path = folder + L"\\" + entry.cFileName;
        error = take(path, descriptor, UNPROTECTED_DACL_SECURITY_INFORMATION);
        if (error == ERROR_SUCCESS && (entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) error = take_what_is_in(path, descriptor);
    } while (error == ERROR_SUCCESS && ::FindNextFileW(search, &entry) != 0);
    ::FindClose(search);
    return error;
}

}  // namespace

Result<void> make_closed_folder(const std::string& path) {
    std::wstring wide = to_wide(path);
    LocalMemory descriptor;
    if (::ConvertStringSecurityDescriptorToSecurityDescriptorW(closed, SDDL_REVISION_1, &descriptor.pointer, nullptr) == 0) {
        return failure("making the rights of " + path, ::GetLastError());
    }
    SECURITY_ATTRIBUTES attributes{sizeof(SECURITY_ATTRIBUTES), descriptor.pointer, FALSE};
    if (::CreateDirectoryW(wide.c_str(), &attributes) != 0) return {};
    if (::GetLastError() != ERROR_ALREADY_EXISTS) return failure("making the folder " + path, ::GetLastError());
    if (is_link(wide)) return fail(system_error(path + " is a link: remove it, or make it a folder", {}));
    if (is_closed(wide)) return {};
    DWORD error = take(wide, descriptor, PROTECTED_DACL_SECURITY_INFORMATION);
    // Any user may have made the folder before, and what is in it: the configuration that the service is to obey, for one.
    if (error == ERROR_SUCCESS) error = take_what_is_in(wide, descriptor);
    return error == ERROR_SUCCESS ? Result<void>{} : failure("closing the folder " + path, error);
}

Result<void> grant(const std::string& path, const std::string& account, FolderRight right) {
    std::wstring wide = to_wide(path);
    std::wstring name = to_wide(account);
    LocalMemory descriptor;
    PACL before = nullptr;
    DWORD error = ::GetNamedSecurityInfoW(wide.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr, &before, nullptr,
                                          &descriptor.pointer);
    if (error != ERROR_SUCCESS) return failure("reading the rights of " + path, error);
    constexpr DWORD may_read = FILE_GENERIC_READ | FILE_GENERIC_EXECUTE;
    constexpr DWORD may_change = may_read | FILE_GENERIC_WRITE | DELETE;
    EXPLICIT_ACCESSW entry{};
    ::BuildExplicitAccessWithNameW(&entry, name.data(), right == FolderRight::Read ? may_read : may_change, SET_ACCESS,
                                   SUB_CONTAINERS_AND_OBJECTS_INHERIT);
    LocalMemory list;
    error = ::SetEntriesInAclW(1, &entry, before, reinterpret_cast<PACL*>(&list.pointer));
    if (error != ERROR_SUCCESS) return failure("giving " + account + " rights in " + path, error);
    error = ::SetNamedSecurityInfoW(wide.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr,
                                    static_cast<PACL>(list.pointer), nullptr);
    return error == ERROR_SUCCESS ? Result<void>{} : failure("giving " + account + " rights in " + path, error);
}

Result<void> write_missing_file(const std::string& path, const std::string& content) {
    HANDLE const file = ::CreateFileW(to_wide(path).c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file == INVALID_HANDLE_VALUE) {
        const DWORD error = ::GetLastError();
        return error == ERROR_FILE_EXISTS ? Result<void>{} : failure("writing " + path, error);
    }
    DWORD written = 0;
    const bool is_good = ::WriteFile(file, content.data(), static_cast<DWORD>(content.size()), &written, nullptr) != 0;
    const DWORD error = ::GetLastError();
    ::CloseHandle(file);
    return is_good ? Result<void>{} : failure("writing " + path, error);
}

}  // namespace sluice::service
