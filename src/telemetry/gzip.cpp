#include "telemetry/gzip.hpp"

#include <zlib.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include "platform/append_file.hpp"
#include "platform/process_facts.hpp"
#include "telemetry/log_path.hpp"

namespace sluice::telemetry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk = std::size_t{64} * 1024;
/// zlib: the largest window, and 16 more for gzip's head and tail.
constexpr int gzip_window = 15 + 16;
constexpr int usual_memory = 8;

Failure failure(const std::string& what) { return fail(system_error(what, std::make_error_code(std::errc::io_error))); }

struct Deflater {
    z_stream stream{};
    bool is_open;
    Deflater() : is_open(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, usual_memory, Z_DEFAULT_STRATEGY) == Z_OK) {}
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    ~Deflater() {
        if (is_open) deflateEnd(&stream);
    }
};

struct Buffers {
    std::array<char, chunk> in;
    std::array<char, chunk> out;
};

/// Deflates what stands in the stream's input.
Result<void> deflate_into(platform::AppendFile& target, z_stream& stream, std::array<char, chunk>& out, int flush) {
    do {
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        if (deflate(&stream, flush) == Z_STREAM_ERROR) return failure("zlib is in disorder");
        if (Result<void> written = target.write({out.data(), out.size() - stream.avail_out}); !written) return written;
    } while (stream.avail_out == 0);
    return {};
}

/// True: all of it; false: `is_over` said so.
Result<bool> compress(std::ifstream& source, platform::AppendFile& target, const std::function<bool()>& is_over) {
    Deflater deflater;
    if (!deflater.is_open) return failure("zlib has no memory");
    const auto buffers = std::make_unique<Buffers>();
    while (source) {
        if (is_over()) return false;
        source.read(buffers->in.data(), static_cast<std::streamsize>(buffers->in.size()));
        if (source.bad()) return failure("reading the log");
        deflater.stream.next_in = reinterpret_cast<Bytef*>(buffers->in.data());
        deflater.stream.avail_in = static_cast<uInt>(source.gcount());
        const Result<void> written = deflate_into(target, deflater.stream, buffers->out, source.eof() ? Z_FINISH : Z_NO_FLUSH);
        if (!written) return fail(written.error());
    }
    return true;
}

/// Nobody else writes to a file of this name.
std::string draft_of(const std::string& file) {
    static std::atomic<unsigned> drafts{0};
    return file + "." + std::to_string(platform::pid()) + "-" + std::to_string(++drafts) + ".part";
}

}  // namespace

Result<bool> compress_file(const std::string& from, const std::string& to, const std::function<bool()>& is_over) {
    const std::string draft = draft_of(to);
    std::ifstream source(path_of(from), std::ios::binary);
    if (!source) return failure("opening " + from);
    std::error_code error;
    fs::remove(path_of(draft), error);
    Result<std::unique_ptr<platform::AppendFile>> target = platform::AppendFile::open(draft);
    if (!target) return fail(std::move(target.error()));
    Result<bool> done = compress(source, **target, is_over);
    source.close();
    target->reset();
    if (done && *done) {
        fs::rename(path_of(draft), path_of(to), error);
        if (error) done = fail(system_error("naming " + to, error));
    }
    fs::remove(path_of(done && *done ? from : draft), error);
    return done;
}

}  // namespace sluice::telemetry
