#include "app/activation.hpp"

#include <utility>

#include "platform/activated_sockets.hpp"

namespace sluice::app {

Result<Inheritance> activated_listeners(const Log& log) {
    Result<std::vector<platform::ActivatedSocket>> sockets = platform::take_activated_sockets();
    if (!sockets) return fail(std::move(sockets.error()));
    Inheritance inheritance;
    for (platform::ActivatedSocket& one : *sockets) {
        const Result<platform::ListenAddress> place = platform::listening_address(one.socket.get());
        if (!place) {
            log.error("a socket of the service manager is of no use", {{"name", one.name}, {"reason", describe(place.error())}});
            continue;
        }
        log.info("the service manager has bound a socket", {{"name", one.name}, {"address", place->text()}});
        std::vector<platform::OwnedSocket> list;
        list.push_back(std::move(one.socket));
        inheritance.add({.name = one.name, .configured = place->text(), .bound = *place, .is_kept = true}, std::move(list));
    }
    return inheritance;
}

}  // namespace sluice::app
