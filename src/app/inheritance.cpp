#include "app/inheritance.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace sluice::app {
namespace {

constexpr std::string_view kinds = "46u";

std::size_t kind_index(platform::AddressFamily family) { return static_cast<std::size_t>(family); }

/// "key=value" in the lines of a text; the last key's value may hold line ends.
std::optional<std::string_view> value_of(std::string_view text, std::string_view key, bool is_last = false) {
    const std::size_t start = text.find("\n" + std::string(key) + "=");
    if (start == std::string_view::npos) return std::nullopt;
    const std::string_view value = text.substr(start + key.size() + 2);
    return is_last ? value : value.substr(0, value.find('\n'));
}

net::Keeper keeper_of(const Bequest& bequest) {
    return bequest.is_kept ? net::Keeper::ServiceManager : net::Keeper::Predecessor;
}

Failure no_listener() {
    return fail(system_error("the process before speaks of its listeners in a way that this version does not know", {}));
}

}  // namespace

std::string bequest_text(const Bequest& bequest) {
    // Paths of sockets and addresses hold no line ends; names may.
    return std::string("listener\nadmin=") + (bequest.is_admin ? "1" : "0") + "\nconfigured=" + bequest.configured +
           "\nkind=" + kinds[kind_index(bequest.bound.kind)] + "\nhost=" + bequest.bound.host +
           "\nport=" + std::to_string(bequest.bound.port) + (bequest.is_kept ? "\nkept=1" : "") + "\nname=" + bequest.name;
}

Result<Bequest> parse_bequest(const std::string& text) {
    const auto admin = value_of(text, "admin");
    const auto configured = value_of(text, "configured");
    const auto kind = value_of(text, "kind");
    const auto host = value_of(text, "host");
    const auto port = value_of(text, "port");
    const auto name = value_of(text, "name", true);
    if (!text.starts_with("listener\n") || !admin || !configured || !kind || !host || !port || !name) return no_listener();
    Bequest bequest;
    bequest.name = *name;
    bequest.configured = *configured;
    bequest.is_admin = *admin == "1";
    bequest.is_kept = value_of(text, "kept") == "1";
    bequest.bound.host = *host;
    const std::size_t index = kind->size() == 1 ? kinds.find(kind->front()) : std::string_view::npos;
    const auto number = std::from_chars(port->data(), port->data() + port->size(), bequest.bound.port);
    if (index == std::string_view::npos || number.ec != std::errc{}) return no_listener();
    bequest.bound.kind = static_cast<platform::AddressFamily>(index);
    return bequest;
}

Result<void> Inheritance::add(platform::HandoverMessage message) {
    Result<Bequest> bequest = parse_bequest(message.text);
    if (!bequest) return fail(std::move(bequest.error()));
    // A listener with many sockets comes in several messages.
    add(std::move(*bequest), std::move(message.sockets));
    return {};
}

void Inheritance::add(Bequest bequest, std::vector<platform::OwnedSocket> sockets) {
    auto item = std::ranges::find(items_, bequest, &Item::bequest);
    if (item == items_.end()) item = items_.insert(item, Item{std::move(bequest), {}});
    for (platform::OwnedSocket& socket : sockets) item->sockets.push_back(std::move(socket));
}

std::unique_ptr<net::Listener> Inheritance::take(const config::Listener& wanted, bool is_admin) {
    const std::string address = wanted.address.text();
    const auto fits = [&](const Item& item) {
        const Bequest& one = item.bequest;
        if (one.bound.text() == address) return true;
        const bool is_same_name = wanted.address.port != 0 || (one.name == wanted.name && one.is_admin == is_admin);
        return one.configured == address && is_same_name;
    };
    const auto item = std::ranges::find_if(items_, fits);
    if (item == items_.end()) return nullptr;
    auto listener = net::Listener::adopt(item->bequest.bound, std::move(item->sockets), wanted.backlog, keeper_of(item->bequest));
    items_.erase(item);
    return listener;
}

std::vector<Bequest> Inheritance::close_rest() {
    std::vector<Bequest> closed;
    for (Item& item : std::exchange(items_, {})) {
        const auto listener = net::Listener::adopt(item.bequest.bound, std::move(item.sockets), 0, keeper_of(item.bequest));
        listener->claim();
        closed.push_back(std::move(item.bequest));
    }
    return closed;
}

}  // namespace sluice::app
