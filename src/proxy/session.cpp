#include "proxy/session.hpp"

#include "proxy/worker_state.hpp"

namespace sluice::proxy {

Session::Session(WorkerState& state, ListenerId listener, bool is_local) : state_(state), listener_(listener), is_local_(is_local) {
    state_.sessions(is_local_).add(*this);
}

Session::~Session() { state_.sessions(is_local_).remove(*this); }

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
