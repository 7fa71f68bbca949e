#pragma once

#include <windows.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::service {

// What the service's parent and its gateway processes tell each other: short texts, one per message. They may be of different
// versions, so a word that is not known is passed over, known ones never change their meaning, and none is longer than 4 KiB.

/// Parent: this process is the service's gateway from now on, or one that may become its heir.
inline constexpr std::string_view word_welcome = "welcome";
inline constexpr std::string_view word_welcome_heir = "welcome heir";

/// SERVICE_CONTROL_... of our own, which begin at 128.
inline constexpr DWORD control_reopen = 128;
inline constexpr DWORD control_upgrade = 129;

/// What the manager is told at first: of the time between two steps of a start, and of that until the gateway has said how long its
/// drain may take.
inline constexpr std::chrono::milliseconds start_hint{30'000};
inline constexpr std::chrono::milliseconds first_stop_limit{30'000};

/// Parent: the manager asks for this (SERVICE_CONTROL_...).
[[nodiscard]] std::string control_words(DWORD control);
[[nodiscard]] std::optional<DWORD> control_of(std::string_view text);

/// Gateway: how it stands.
struct Standing {
    /// SERVICE_START_PENDING, SERVICE_RUNNING, SERVICE_STOP_PENDING or SERVICE_STOPPED.
    DWORD state = SERVICE_START_PENDING;
    /// Until the next word, in the two pending states.
    std::chrono::milliseconds hint{0};
    /// Of a failure, in the last state; 0: all is well.
    DWORD exit_code = 0;
    bool operator==(const Standing&) const = default;
};
[[nodiscard]] std::string standing_words(const Standing& standing);
[[nodiscard]] std::optional<Standing> standing_of(std::string_view text);

/// Gateway: the process of this id is the service's gateway from now on.
[[nodiscard]] std::string heir_words(DWORD pid);
[[nodiscard]] std::optional<DWORD> heir_of(std::string_view text);
/// Parent: so it is, or it is not, and the one before stays the gateway.
inline constexpr std::string_view word_left = "left";
inline constexpr std::string_view word_refused = "refused";

/// The variables of the environment by which a gateway process knows that it belongs to a service: the service's name, and
/// the pipe of its parent.
inline constexpr const wchar_t* service_name_variable = L"SLUICE_SERVICE";
inline constexpr const wchar_t* service_pipe_variable = L"SLUICE_SERVICE_PIPE";

}  // namespace sluice::service
