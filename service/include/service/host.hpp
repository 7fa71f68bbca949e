#pragma once

#include <functional>
#include <string>

namespace sluice::service {

/// Runs `body`, once, as the service manager that started this process wants it, and yields its exit code.
///
/// On Windows, when the service control manager (services.exe, the parent) started the process, this thread is lent to it
/// (StartServiceCtrlDispatcher), and `body` runs in another process of the same program and arguments, which another one can
/// take over from; everywhere else `body` is simply called.
///
/// Threading: the main thread, before others are started.
[[nodiscard]] int run_hosted(const std::function<int()>& body);

/// True when a service manager started this process: nobody sees its standard error on Windows then.
[[nodiscard]] bool is_hosted();

/// The file that the log goes to instead of standard error, which nobody sees; empty where somebody does.
[[nodiscard]] std::string log_file();

/// True when the manager takes the end of this process for the end of the service, whoever serves on: no other process can
/// take over then. launchd.
[[nodiscard]] bool knows_one_process();

}  // namespace sluice::service
