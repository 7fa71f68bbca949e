#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/log.hpp"

namespace sluice::app {

/// The token that changes through the admin listener need: the configuration's, or one that is made for this run and left in a
/// file for `sluice ctl` of the same user.
///
/// Threading: one thread at a time.
/// Lifetime:  the file goes with it, and stays behind when the process is killed; the next gateway on that port
///            overwrites it.
class AdminToken {
public:
    explicit AdminToken(const Log& log) : log_(log) {}
    AdminToken(const AdminToken&) = delete;
    AdminToken& operator=(const AdminToken&) = delete;
    ~AdminToken() { remove_file(); }

    /// Yields the token for a listener on `port`. One that was made stays for the run. The log has the file's path, never the token.
    /// Failure: empty when none is configured and no file can be written; the log says why.
    [[nodiscard]] const std::string& use(const std::string& configured, std::uint16_t port);

    void remove_file();

    /// Another process has the file too: this one takes over the token in it, if there is one for its port, and leaves the file alone
    /// until `claim`. Before `use`.
    void share() { is_shared_ = true; }
    void claim() { is_shared_ = false; }
    /// The file is another process's from now on.
    void leave() { path_.clear(); }

private:
    [[nodiscard]] bool write_file(std::uint16_t port);
    void take_over(std::uint16_t port);

    const Log& log_;
    std::string token_;
    std::string made_;
    std::string path_;
    std::uint16_t port_ = 0;
    bool is_shared_ = false;
};

/// The token that a gateway on this machine with its admin listener on that port has left for us; nullopt when there is none to
/// be read.
[[nodiscard]] std::optional<std::string> find_admin_token(std::uint16_t port);

/// Where it is looked for, for messages: "/run/sluice/admin-9901.token".
[[nodiscard]] std::string admin_token_places(std::uint16_t port);

}  // namespace sluice::app
