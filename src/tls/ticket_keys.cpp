#include "tls/ticket_keys.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace sluice::tls {
namespace {

std::optional<TicketKeys::Key> make_key() {
    TicketKeys::Key key{};
    const auto fill = [](auto& bytes) { return RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1; };
    if (!fill(key.name) || !fill(key.cipher) || !fill(key.mac)) return std::nullopt;
    return key;
}

}  // namespace

TicketKeys::TicketKeys(Duration rotation, Now now) : rotation_(rotation), now_(std::move(now)), made_(now_()) {}

/// With the lock. Keys that nobody has asked for meanwhile grow old all the same.
void TicketKeys::rotate() {
    const TimePoint now = now_();
    const auto turns = keys_.empty() ? 1 : (now - made_) / rotation_;
    if (turns < 1) return;
    const auto kept = std::max<std::int64_t>(0, static_cast<std::int64_t>(most_keys) - static_cast<std::int64_t>(turns));
    if (keys_.size() > static_cast<std::size_t>(kept)) keys_.resize(static_cast<std::size_t>(kept));
    if (const auto key = make_key()) {
        keys_.insert(keys_.begin(), *key);
        made_ = now;
    }
}

std::optional<TicketKeys::Key> TicketKeys::newest() {
    const std::scoped_lock lock(mutex_);
    rotate();
    return keys_.empty() ? std::nullopt : std::optional(keys_.front());
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const unsigned char> name) {
    const std::scoped_lock lock(mutex_);
    rotate();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (std::ranges::equal(keys_[i].name, name)) return Found{keys_[i], i != 0};
    }
    return std::nullopt;
}

}  // namespace sluice::tls
