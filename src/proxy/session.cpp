#include "proxy/session.hpp"

#include <utility>

#include "proxy/worker_state.hpp"

namespace sluice::proxy {

Session::Session(WorkerState& state, net::Stream stream, const platform::Peer& peer, Entrance entrance)
    : state_(state), stream_(std::move(stream)), entrance_(std::move(entrance)), peer_(peer) {
    state_.sessions(is_local()).add(*this);
    stream_.set_write_stall_limit(state_.limits().body_idle);
}

Session::~Session() { state_.sessions(is_local()).remove(*this); }

void Session::end() {
    WorkerState& state = state_;
    const platform::Peer peer = peer_;
    const bool was_local = is_local();
    const bool goes_on = !stream_.is_open();
    delete this;
    if (!goes_on) state.close_connection(peer, was_local);
    state.check_ended();
}

void SessionList::add(Session& session) {
    session.next_ = first_;
    session.link_ = &first_;
    if (first_ != nullptr) first_->link_ = &session.next_;
    first_ = &session;
    ++size_;
}

void SessionList::remove(Session& session) {
    if (cursor_ == &session) cursor_ = session.next_;
    *session.link_ = session.next_;
    if (session.next_ != nullptr) session.next_->link_ = session.link_;
    --size_;
}

}  // namespace sluice::proxy
