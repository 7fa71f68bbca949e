#include "posix/run_command.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

extern char** environ;

namespace sluice::service {
namespace {

constexpr const char* needs_no_quotes =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@+%";

std::string quoted(const std::string& word) {
    if (!word.empty() && word.find_first_not_of(needs_no_quotes) == std::string::npos) return word;
    std::string text = "'";
    for (const char one : word) text += one == '\'' ? std::string("'\\''") : std::string(1, one);
    return text + "'";
}

/// An error number.
int start(std::vector<std::string> words, pid_t& pid) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    if (const int error = ::posix_spawn_file_actions_init(&actions); error != 0) return error;
    int error = ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = ::posix_spawnp(&pid, pointers.front(), &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
}

}  // namespace

std::string command_line(const std::vector<std::string>& argv) {
    std::string line;
    for (const std::string& word : argv) line += (line.empty() ? "" : " ") + quoted(word);
    return line;
}

Result<void> run_command(const std::vector<std::string>& argv) {
    if (argv.empty()) return fail(system_error("no command to run", std::make_error_code(std::errc::invalid_argument)));
    // What we have printed comes before what it prints.
    std::fflush(nullptr);
    pid_t pid = 0;
    if (const int error = start(argv, pid); error != 0) {
        return fail(system_error("can't run " + command_line(argv), {error, std::system_category()}));
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return fail(system_error("waiting for " + command_line(argv), {errno, std::system_category()}));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    const std::string how = WIFEXITED(status) ? " ended with exit code " + std::to_string(WEXITSTATUS(status))
                                              : " was ended by signal " + std::to_string(WTERMSIG(status));
    return fail(system_error(command_line(argv) + how, {}));
}

}  // namespace sluice::service
