// crash WAY FOLDER: dies as the gateway might, with FOLDER in the place of %ProgramData%.

#include <windows.h>

#include <stdexcept>
#include <string_view>
#include <thread>

#include "windows/crash_dump.hpp"

namespace {

void die(std::string_view way) {
    if (way == "exception") throw std::runtime_error("nobody catches this");
    volatile int* const nowhere = nullptr;
    *nowhere = 1;
}

}  // namespace

int main(int, char** arguments) {
    ::SetEnvironmentVariableA("ProgramData", arguments[2]);
    sluice::service::write_crash_dumps("Sluice");
    // A worker is a thread of its own.
    std::thread(die, arguments[1]).join();
    return 0;
}
