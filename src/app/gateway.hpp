#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/config_file.hpp"
#include "app/exit_code.hpp"
#include "app/log_setup.hpp"
#include "app/source_record.hpp"
#include "platform/program.hpp"

namespace sluice::app {

/// The composition root: builds everything in order, serves until a signal or until another process has taken over,
/// and stops in order.
///
/// Threading: made, run and destroyed on the main thread.
class Gateway {
public:
    /// Without a file the configuration is the embedded one, whose echo upstream the gateway serves itself.
    /// `sources`: what it was read from, for a watch. `program` is what was started, and is started again by an upgrade.
    Gateway(ConfigFile config, SourceRecord sources, std::optional<std::string> file, platform::Program program,
            const LogSetup& log);
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;
    ~Gateway();

    /// Serves; returns when the gateway has stopped.
    [[nodiscard]] ExitCode run();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::app
