#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/model.hpp"
#include "net/listener.hpp"
#include "platform/handover_message.hpp"
#include "platform/shared_listener.hpp"

namespace sluice::app {

/// A listener that goes from one process to the next, beside its sockets.
struct Bequest {
    /// Its name and address in the configuration of the process that bound it.
    std::string name;
    std::string configured;
    bool is_admin = false;
    /// Where it is bound.
    platform::ListenAddress bound;
    /// The service manager bound it, and keeps it when this process ends.
    bool is_kept = false;

    friend bool operator==(const Bequest& one, const Bequest& other) {
        return one.name == other.name && one.configured == other.configured && one.is_admin == other.is_admin;
    }
};

/// As the text of a message to the next process. What a later version adds, this one passes over.
[[nodiscard]] std::string bequest_text(const Bequest& bequest);
[[nodiscard]] Result<Bequest> parse_bequest(const std::string& text);

/// The listeners of the process before this one, or of the service manager, until the configuration has found a use for them.
class Inheritance {
public:
    /// Failure: the message tells of no listener.
    [[nodiscard]] Result<void> add(platform::HandoverMessage message);
    /// Several of one name and address are one listener.
    void add(Bequest bequest, std::vector<platform::OwnedSocket> sockets);

    /// The listener for a place in the configuration: the one at the same address; where the system chose the port, the one
    /// of the same name. nullptr when there is none.
    [[nodiscard]] std::unique_ptr<net::Listener> take(const config::Listener& wanted, bool is_admin);

    /// What is left is of no use to this process: closes it, and yields what it was. What nobody else keeps is no longer
    /// listened on by anybody.
    [[nodiscard]] std::vector<Bequest> close_rest();

private:
    struct Item {
        Bequest bequest;
        std::vector<platform::OwnedSocket> sockets;
    };
    std::vector<Item> items_;
};

}  // namespace sluice::app
