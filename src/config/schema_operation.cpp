#include <array>

#include "config/schema_binding.hpp"
#include "config/schema_objects.hpp"
#include "config/schema_units.hpp"

// The part of the schema table that is for those who operate the gateway: logs, administration, reloads.
namespace sluice::config {
namespace {

using binding::bind;
using units::hour;

constexpr std::array rotate_keys{
    bind<&LogRotation::size>({.name = "size",
                              .type = Type::Size,
                              .range = {0, UINT64_MAX / 2},
                              .sentence = "A file that would grow beyond this is put aside; 0 turns it off."}),
    bind<&LogRotation::age>({.name = "age",
                             .range = {0, 366 * 24 * hour},
                             .sentence = "A file whose first line is older than this is put aside; 0 turns it off."}),
    bind<&LogRotation::keep>({.name = "keep",
                              .range = {0, 10'000},
                              .sentence = "Old files that are kept, `NAME.20261129-101500`; the oldest go first."}),
    bind<&LogRotation::gzip>({.name = "gzip", .sentence = "Whether old files are compressed, as `NAME.20261129-101500.gz`."}),
};

constexpr Object rotate_object{
    "rotate", "When a log file is put aside and a new one begun.", rotate_keys, {}};

constexpr std::array log_keys{
    bind<&LogSettings::level>({.name = "level",
                               .choices = "debug info warn error",
                               .sentence = "The least important messages that are still written."}),
    bind<&LogSettings::format>({.name = "format",
                                .choices = "auto text json",
                                .sentence =
                                    "Lines for people or JSON lines; \"auto\" writes text on a "
                                    "terminal and JSON elsewhere."}),
    bind<&LogSettings::file>({.name = "file",
                              .range = {1, 4096},
                              .sentence =
                                  "Where the log goes: \"stderr\", or a file's path. A Windows service, which has no standard "
                                  "error, writes to `NAME.log` in its log folder instead of it."}),
    bind<&LogSettings::access>({.name = "access",
                                .range = {1, 4096},
                                .sentence =
                                    "Where a line for each request goes: \"off\", \"stdout\", or a "
                                    "file's path."}),
    bind<&LogSettings::slow>({.name = "slow",
                              .range = {0, hour},
                              .sentence =
                                  "Requests that take longer are kept, the last 256 per worker, for `sluice ctl "
                                  "slow`; 0 keeps none."}),
    bind<&LogSettings::rotate>({.name = "rotate", .sentence = "When the files of both logs are put aside.", .object = &rotate_object}),
};

constexpr std::array admin_keys{
    bind<&Admin::enabled>({.name = "enabled", .sentence = "Whether it is served at all."}),
    bind<&Admin::address>({.name = "address",
                           .sentence =
                               "Where it listens, \"unix:/path\" too; whoever can connect may read it, so "
                               "keep it on loopback."}),
    bind<&Admin::token>(
        {.name = "token",
         .range = {16, 1024},
         .sentence =
             "What must come with every change, as `Authorization: Bearer TOKEN`. Without one the gateway "
             "makes one at each start, in a file that only its user can read.",
         .default_note = "made at each start",
         .secret = true}),
    bind<&Admin::hosts>(
        {.name = "hosts",
         .range = {0, 100},
         .sentence =
             "Names by which clients may call it, such as \"gateway.internal\"; localhost, loopback "
             "addresses and its own address are always allowed."}),
};

constexpr std::array reload_keys{
    bind<&Reload::watch>({.name = "watch", .sentence = "Whether the files are watched, and read again when they change."}),
    bind<&Reload::interval>({.name = "interval",
                             .range = {10, hour},
                             .sentence = "How often the files are looked at; a change is taken when it looks the same twice."}),
};

}  // namespace

constexpr Object log_object{
    "log", "What is written down.", log_keys, {}};
constexpr Object admin_object{
    "admin", "Health, metrics, status and changes for operators.", admin_keys, {}};
constexpr Object reload_object{
    "reload", "When the configuration is read again by itself.", reload_keys, {}};

}  // namespace sluice::config
