#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/admin_client.hpp"
#include "app/exit_code.hpp"

namespace CLI {
class App;
}

namespace sluice::app {

/// `sluice reload`, `sluice upgrade` and `sluice ctl ...`: a running gateway is told to change something, or asked.
///
/// Lifetime: outlives the parsing of the command line.
class CtlCommands {
public:
    void add_to(CLI::App& app);

    /// Runs the one that was asked for; nullopt when it was none of them.
    [[nodiscard]] std::optional<ExitCode> run() const;

private:
    void add_place(CLI::App& command);
    void add_reload(CLI::App& command);
    CLI::App* add_endpoint_command(CLI::App& ctl, const std::string& name, const std::string& help);
    [[nodiscard]] std::optional<ExitCode> run_endpoint() const;

    AdminOptions place_;
    CLI::App* reload_ = nullptr;
    CLI::App* upgrade_ = nullptr;
    CLI::App* ctl_ = nullptr;
    CLI::App* ctl_reload_ = nullptr;
    CLI::App* drain_ = nullptr;
    CLI::App* undrain_ = nullptr;
    CLI::App* weight_ = nullptr;
    CLI::App* up_ = nullptr;
    CLI::App* down_ = nullptr;
    CLI::App* auto_ = nullptr;
    CLI::App* breaker_ = nullptr;
    CLI::App* log_level_ = nullptr;
    CLI::App* slow_ = nullptr;
    CLI::App* status_ = nullptr;
    bool is_dry_run_ = false;
    std::string binary_;
    std::uint32_t limit_seconds_ = 30;
    std::string cluster_;
    std::string endpoint_;
    std::uint32_t weight_number_ = 0;
    std::string state_;
    std::string level_;
    std::uint32_t limit_ = 20;
    bool wants_json_ = false;
};

}  // namespace sluice::app
