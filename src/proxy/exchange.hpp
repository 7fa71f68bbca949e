#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/pooled.hpp"
#include "base/result.hpp"
#include "http/head_parser.hpp"
#include "http/message.hpp"
#include "net/pause.hpp"
#include "net/buffer_pool.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "proxy/client_link.hpp"
#include "proxy/context_pool.hpp"
#include "proxy/grpc_web.hpp"
#include "proxy/message_body.hpp"
#include "proxy/response_writer.hpp"
#include "proxy/scratch.hpp"
#include "proxy/snapshot.hpp"
#include "proxy/upstream_connections.hpp"
#include "proxy/upstream_link.hpp"
#include "routing/route_table.hpp"
#include "upstream/breaker.hpp"
#include "upstream/retry.hpp"

namespace sluice::proxy {

class Tunnel;
class WorkerState;
struct Usage;

/// One request and its response, between a client that knows no upstream and an upstream that knows no
/// client. The numbers in the .cpp files are those of "life of a request" in docs/architecture.md.
///
/// Threading: one worker.
/// Lifetime:  what it is made of outlives it; it holds the snapshot that it began with.
class Exchange final : private net::StreamWatcher {
public:
    /// What becomes of the client's connection.
    enum class End : std::uint8_t { Keep, Close, Broken };

    Exchange(ClientLink& client, Scratch& scratch, MessageBody& body, ResponseWriter& writer, TimePoint first_byte);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    [[nodiscard]] net::Task<End> run();

    /// Answers a request whose head was refused, and accounts for it.
    [[nodiscard]] net::Task<void> run_refused(const Error& error);

    /// Breaks off whatever goes on, on both sides.
    void cut();

    /// This response is the connection's last and says so, unless its head has gone out: then the next one is.
    void finish() { writer_.close_after_if_untold(); }
    /// The same, because the gateway or the listener stops: an upgraded connection is told to close at a moment of its own
    /// within the drain time.
    void drain();
    /// Adds itself to a count.
    void count(Usage& usage) const;
    /// The worker has another snapshot. An upgraded connection goes over to it if its route is still there and leads to
    /// where it is connected, and is drained if not; whatever else is under way ends with its own.
    void follow();
    [[nodiscard]] bool is_upgraded() const { return tunnel_ != nullptr; }

private:
    void on_unawaited_input() override;
    void break_off();

    // 4 and 6: what is to be done.
    [[nodiscard]] Result<void> route();
    [[nodiscard]] const config::Redirect* redirect_to_https() const;
    void choose_request_id();
    [[nodiscard]] Result<void> check_body_so_far() const;

    // Answers of our own. Those that write a head yield the body that belongs to it.
    void add_edited(http::Fields& fields, http::HeadWriter& writer) const;
    [[nodiscard]] Result<std::string_view> write_own_head(const config::Redirect* to_https);
    [[nodiscard]] Result<std::string_view> respond(const config::Respond& respond);
    [[nodiscard]] Result<std::string_view> redirect(const config::Redirect& redirect);
    [[nodiscard]] Result<std::string_view> options();
    [[nodiscard]] net::Task<void> answer_error(const Error& error);

    // Calls of gRPC.
    void recognise_call();
    [[nodiscard]] Result<void> begin_call(const config::Forward& forward);
    void on_call_deadline();
    [[nodiscard]] Error call_late() const;
    void open_length();
    [[nodiscard]] MessageBody& translated(MessageBody& body);
    [[nodiscard]] net::Task<void> answer_call_error(const Error& error);
    [[nodiscard]] net::Task<void> end_call(const Error& error);

    [[nodiscard]] http::Fields& own_fields();
    void add_own_fields(http::HeadWriter& writer);

    // 8: an endpoint and a connection.
    [[nodiscard]] net::Task<Result<void>> forward(const config::Forward& forward);
    [[nodiscard]] upstream::ClusterState& cluster_state() const { return *cluster_plan_->state; }
    void choose_cluster();
    [[nodiscard]] Result<void> take_first_piece();
    [[nodiscard]] bool enter_breaker();
    void tell_breaker(const Result<void>& done);
    [[nodiscard]] net::Task<void> answer_fallback();
    [[nodiscard]] Result<void> begin_forward(const config::Forward& forward);
    [[nodiscard]] Result<void> pick_endpoint();
    [[nodiscard]] net::Task<bool> goes_on_after(Result<void>& tried);
    [[nodiscard]] net::Task<Result<void>> attempt(const config::Forward& forward);
    [[nodiscard]] bool take_idle_connection();
    [[nodiscard]] net::Task<Result<void>> open_connection();
    void send_mirror(const config::Forward& forward);
    void judge_endpoint(const Result<void>& tried);
    [[nodiscard]] std::optional<upstream::TryEnd> worth_retry(const Result<void>& tried) const;
    [[nodiscard]] net::Task<bool> prepare_retry(upstream::TryEnd kind);
    void release_upstream(bool reusable);

    // A second try beside the first.
    void schedule_hedge(const config::Forward& forward);
    void on_hedge_time();
    [[nodiscard]] net::Task<void> run_hedge();
    [[nodiscard]] net::Task<void> ask_second_endpoint();
    [[nodiscard]] net::Task<bool> adopt_hedge();
    [[nodiscard]] net::Task<void> stop_hedge();
    [[nodiscard]] bool abort_hedge();
    [[nodiscard]] bool abort_wait(ConnectionWait::Abort what) { return wait_ && wait_->abort(what); }
    [[nodiscard]] bool end_backoff() { return backoff_ && backoff_->end(); }

    // 9: the request goes out.
    [[nodiscard]] filters::ClientCertificateFields shown_certificate() const;
    [[nodiscard]] Result<void> write_request_head(const config::Forward& forward);
    [[nodiscard]] net::Eventual<Result<void>> send_request();
    [[nodiscard]] net::Task<Result<void>> send_rest(net::Eventual<Result<void>> sending);
    [[nodiscard]] Result<void> on_request_sent(Result<void> sent);
    [[nodiscard]] UpstreamLink::Part first_part();
    [[nodiscard]] std::string_view request_trailers();
    void keep_for_replay(std::string_view piece);
    [[nodiscard]] bool may_be_repeated() const;
    void forget_first_piece();
    void start_response_clock();
    [[nodiscard]] net::Task<void> upload();
    void end_upload_early(Error error);
    void expect_response();
    [[nodiscard]] net::Task<Result<void>> upload_body();
    [[nodiscard]] net::Task<Result<void>> upload_spliced();
    [[nodiscard]] net::Task<Result<void>> send_body_piece(const MessageBody::Piece& piece);
    [[nodiscard]] bool is_uploading() const { return upload_started_ && !upload_done_.is_set(); }
    [[nodiscard]] net::Task<void> finish_upload();

    // 10 to 12: the response comes back.
    void add_sticky_cookie(http::HeadWriter& writer);
    [[nodiscard]] net::Task<Result<void>> read_response_head();
    [[nodiscard]] Result<bool> find_head(http::HeadScanner& scanner);
    [[nodiscard]] Result<void> make_room();
    [[nodiscard]] net::Task<Result<void>> pass_interim();
    [[nodiscard]] bool has_false_body() const;
    [[nodiscard]] net::Eventual<Result<void>> relay_response();
    [[nodiscard]] net::Task<Result<void>> relay_rest(MessageBody& body, bool is_last, net::Eventual<Result<void>> sending);
    [[nodiscard]] net::Task<Result<void>> relay_spliced(MessageBody& body);
    [[nodiscard]] net::Task<Result<void>> give_up_response(Result<void> failed);
    void end_response(bool reusable);
    [[nodiscard]] bool is_reusable() const;
    [[nodiscard]] Result<void> lost_client();
    [[nodiscard]] Result<void> write_response_head();

    // Instead of 12, after 101.
    [[nodiscard]] bool is_switch_sound() const;
    [[nodiscard]] bool has_accepted_key() const;
    [[nodiscard]] Result<void> check_switched();
    [[nodiscard]] net::Task<Result<void>> switch_protocols(const config::Forward& forward);
    [[nodiscard]] net::Task<void> run_tunnel(const config::Forward& forward, std::string_view from_upstream);
    void drain_tunnel();
    [[nodiscard]] const ClusterPlan* tunnel_cluster(const Snapshot& snapshot, std::uint32_t route) const;

    [[nodiscard]] Error client_body_error(const Error& error) const;
    [[nodiscard]] Error upstream_failure(const Error& error) const;

    // 13.
    void account();
    [[nodiscard]] std::uint64_t received_bytes() const;
    [[nodiscard]] std::uint64_t sent_bytes() const;
    [[nodiscard]] telemetry::AccessRecord access_record(std::uint16_t status) const;

    ClientLink& client_;
    WorkerState& state_;
    std::shared_ptr<const Snapshot> snapshot_;
    ContextPool::Lease context_;
    Scratch& scratch_;
    const http::RequestHead& head_;
    MessageBody* body_;
    ResponseWriter& writer_;

    routing::Match match_;
    std::string_view path_;
    std::string_view request_id_;
    const RoutePlan* plan_ = nullptr;
    const ClusterPlan* cluster_plan_ = nullptr;
    ClusterConnections::Use cluster_;
    upstream::Breaker* breaker_ = nullptr;
    upstream::Admission admission_{};

    ClusterConnections::Hold endpoint_;
    /// So many as `tried_count_` says. Only compared with: one of them may be gone.
    std::array<EndpointConnections*, 8> tried_;
    std::size_t tried_count_ = 0;
    std::uint32_t tries_ = 0;
    std::uint32_t retries_ = 0;
    bool free_retry_used_ = false;
    bool counts_load_ = false;
    // What most requests do without is made when it is needed.
    Pooled<ConnectionWait> wait_;
    Pooled<net::Pause> backoff_;
    struct Hedge {
        explicit Hedge(net::TimerWheel& timers, Exchange* exchange)
            : deadline(timers, [](void* self) { static_cast<Exchange*>(self)->on_hedge_time(); }, exchange), wait(timers) {}
        net::Deadline deadline;
        ClusterConnections::Hold endpoint;
        ConnectionWait wait;
        UpstreamLink* link = nullptr;
        net::Buffer buffer;
        /// The begin of its response: it has won.
        std::size_t response_bytes = 0;
        net::Event done;
        bool has_begun = false;
        bool is_done = false;
        bool is_stopped = false;

        [[nodiscard]] bool is_under_way() const { return has_begun && !is_done; }
    };
    Pooled<Hedge> hedge_;
    UpstreamLink* upstream_ = nullptr;
    bool reused_ = false;
    bool sent_nothing_ = true;

    net::Buffer request_buffer_;
    std::string_view request_head_bytes_;
    MessageBody::Piece first_piece_;
    bool upload_started_ = false;
    bool upload_complete_ = false;
    bool upload_stopped_ = false;
    net::Event upload_done_;
    std::optional<Error> upload_error_;
    /// What has been read of the body beyond the first piece is kept, as long as it may have to be sent again.
    bool keeps_body_ = false;
    bool body_replayable_ = true;

    Duration response_timeout_{};
    /// Of the whole request, from when it was complete first.
    std::optional<TimePoint> request_deadline_;
    TimePoint response_deadline_{};
    bool try_timeout_is_next_ = false;
    net::Buffer response_buffer_;
    std::size_t response_used_ = 0;
    std::size_t response_head_bytes_ = 0;
    bool interim_came_ = false;

    grpc::Kind call_ = grpc::Kind::Other;
    Pooled<net::Deadline> call_deadline_;
    bool is_call_late_ = false;
    /// gRPC-Web that is translated, and how it is answered.
    Pooled<GrpcWebRequestBody> web_request_;
    Pooled<GrpcWebResponseBody> web_response_;
    grpc::Kind answer_kind_ = grpc::Kind::Other;
    /// The response's length was not told, so that trailers may follow.
    bool is_length_open_ = false;

    /// What the client wants to change to, and may.
    std::string_view protocol_;
    Tunnel* tunnel_ = nullptr;
    std::uint64_t tunnel_bytes_ = 0;

    std::uint64_t sent_before_ = 0;
    bool client_gone_ = false;
    bool cut_ = false;
    std::optional<Error> error_;
};

}  // namespace sluice::proxy
