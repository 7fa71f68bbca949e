// control NAME NUMBER: sends a service a control of its own (128 to 255), as "sc control NAME NUMBER" does on Windows. Wine's
// sc does not know the word.
#include <windows.h>

#include <cstdlib>

int main(int count, char** arguments) {
    if (count != 3) return 2;
    const SC_HANDLE manager = ::OpenSCManagerA(nullptr, nullptr, SC_MANAGER_CONNECT);
    const SC_HANDLE service = ::OpenServiceA(manager, arguments[1], SERVICE_USER_DEFINED_CONTROL);
    SERVICE_STATUS status{};
    return service != nullptr && ::ControlService(service, static_cast<DWORD>(std::atoi(arguments[2])), &status) != 0 ? 0 : 1;
}
